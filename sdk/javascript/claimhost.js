// Records of the contract with nothing in the fields that are not said, and the ways a source writes numbers and mappings.
//
// Names are those of the WIT in lowerCamelCase. Money and thousandths (s64) are BigInt, enums and variants are their words
// ('icd10cm'; { tag: 'visit', val }), an option that is not there is undefined, list<u8> is a Uint8Array.

const name = { last: '', first: '', middle: '', suffix: '' };

export const personName = (given) => ({ ...name, ...given });

export const provider = (given) => ({ isPerson: true, name: personName(), ids: [], contacts: [], localId: '', ...given });

export const patient = (given) => ({ ids: [], name: personName(), pregnant: false, ...given });

export const payer = (given) => ({ name: '', idKind: 'payer', id: '', secondaryIds: [], localIds: [], ...given });

export const subscriber = (given) => ({
  isPerson: true, name: personName(), memberIdKind: 'member', memberId: '', groupNumber: '', groupName: '', insuranceType: '',
  ...given,
});

export const coverage = (given) => ({
  responsibility: 'unknown', payer: payer(), subscriber: subscriber(), relationship: 'unknown', filingIndicator: '',
  billingProviderIds: [], signatureOnFileGenerated: false, otherPayerProviders: [], ...given,
});

export const procedure = (given) => ({ system: 'internal', code: '', modifiers: [], description: '', ...given });

export const serviceLine = (given) => ({
  procedure: procedure(), charge: 0n, units: { unit: 'units', thousandths: 0n }, placeOfService: '',
  diagnosisPointers: new Uint8Array(), emergency: false, epsdt: false, familyPlanning: false,
  copayExempt: false, adjudications: [], ...given,
});

export const claimHeader = (given) => ({
  patient: patient(), coverages: [], diagnoses: [], placeOfService: '', location: '', ...given,
});

export const charge = (given) => ({
  id: '', action: 'new', reverses: '', line: serviceLine(), coverages: [], at: { path: '' }, ...given,
});

export const visitUpdate = (given) => ({
  sourceSystem: '', visitNumber: '', order: { eventTime: '' }, status: 'unchanged', header: claimHeader(), charges: [],
  complete: false, undelivered: [], doubts: [], ...given,
});

// JSON from its bytes (UTF-8), every number the text that it was written as: as a number of JavaScript an id of 17 digits would be another
// id. Throws where the bytes are no JSON.
export function json(bytes) {
  const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  JSON.parse(text);
  // In what is JSON a digit or a minus outside of strings begins a number.
  const token = /"(?:[^"\\]+|\\.)*"|-?[0-9][0-9.eE+-]*/g;
  return JSON.parse(text.replace(token, (found) => (found.startsWith('"') ? found : `"${found}"`)));
}

// A number of at most so many decimals, as a whole number of the last of them (120.5 with two is 12050n): never a float.
// undefined where the text is no plain number: sign, exponent, stray dot, a decimal too many; and beyond s64, which the contract cannot say.
export function number(text, decimals) {
  const parts = /^([0-9]+)(?:\.([0-9]+))?$/.exec(text);
  const fraction = parts?.[2] ?? '';
  if (!parts || fraction.length > decimals) return undefined;
  const digits = (parts[1] + fraction.padEnd(decimals, '0')).replace(/^0+(?=.)/, '');
  // By its length first: an engine makes no BigInt of a million digits, it throws.
  if (digits.length > 19) return undefined;
  const scaled = BigInt(digits);
  return BigInt.asIntN(64, scaled) === scaled ? scaled : undefined;
}

// A day (YYYY-MM-DD) that the calendar has; else undefined.
export function day(text) {
  const parts = /^([0-9]{4})-([0-9]{2})-([0-9]{2})$/.exec(text);
  if (!parts) return undefined;
  const [year, month, date] = parts.slice(1).map(Number);
  const there = new Date(Date.UTC(year, month - 1, date));
  const same = there.getUTCMonth() === month - 1 && there.getUTCDate() === date;
  return same ? { year, month, day: date } : undefined;
}

// By form: four digits and a digit or F, T, U, M are CPT, a letter and four digits HCPCS, all else the practice's own.
export function procedureSystem(code) {
  if (/^[0-9]{4}[0-9FTUM]$/.test(code)) return 'cpt';
  return /^[A-Z][0-9]{4}$/.test(code) ? 'hcpcs' : 'internal';
}

// A diagnosis as the contract has it: without its point, in capitals.
export function diagnosis(text) {
  const code = text.replaceAll('.', '').toUpperCase();
  return { system: /^[A-Z][0-9]./.test(code) ? 'icd10cm' : 'other', code };
}

// What a problem may say of a text: how long it is, never what it is.
export const length = (text) => (text === '' ? 'nothing' : `${[...text].length} characters`);

// A mapping: TOML of texts, `key = "text"`, in sections; { '': { key: text }, section: { ... } }. A line that is anything else is
// thrown as the problem that `open` gives: { payload: [problem] }.
export function mapping(text) {
  const sections = { '': {} };
  let section = sections[''];
  text.split('\n').forEach((line, at) => {
    const bare = line.trim();
    if (bare === '' || bare.startsWith('#')) return;
    const head = /^\[([A-Za-z0-9_.-]+)\]$/.exec(bare);
    const pair = /^(?:([A-Za-z0-9_-]+)|("(?:[^"\\]|\\.)*"))\s*=\s*(?:("(?:[^"\\]|\\.)*")|'([^']*)')\s*(?:#.*)?$/.exec(bare);
    if (head) {
      section = sections[head[1]] ??= {};
    } else if (pair) {
      section[pair[1] ?? JSON.parse(pair[2])] = pair[3] === undefined ? pair[4] : JSON.parse(pair[3]);
    } else {
      throw refusal('mapping.syntax', `mapping line ${at + 1}`, 'another kind of line', 'key = "text", or [section]');
    }
  });
  return sections;
}

// What `open` throws to refuse its setup.
export const refusal = (id, path, found, expected) => ({
  payload: [{ id, at: { path }, found, expected, remedy: 'correct this line of the mapping' }],
});
