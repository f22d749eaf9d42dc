// Superbills as lines of JSON: one object a line is one visit with its charges. For practices whose script can write what no export has.
//
// { "visit": "V100", "changed": "2026-03-02T17:00:00Z", "status": "closed",
//   "patient": { "id": "77", "last": "VANCE", "first": "ORLA", "born": "1950-02-01", "sex": "F" },
//   "plans": [{ "name": "FIRST PLAN", "member": "P77", "group": "G1" }], "doctor": "1234567893", "place": "11",
//   "diagnoses": ["J06.9"], "authorization": "A1",
//   "charges": [{ "id": "1", "day": "2026-03-02", "code": "99213", "modifiers": ["25"], "units": 1, "amount": "120.50", "for": [1],
//                 "ndc": "0182-1061-05", "ndc_quantity": "1", "ndc_unit": "ML", "state": "new" }] }
//
// Ids and amounts may be texts or numbers, amounts with at most two decimals; numbers are read as texts, never as floats. A field that is not among these is
// refused: what somebody wrote and nobody reads would be lost.

import {
  charge, claimHeader, coverage, day, diagnosis, json, length, number, patient, payer, personName, procedure, procedureSystem,
  provider, refusal, serviceLine, subscriber, visitUpdate,
} from './claimhost.js';

const VISIT = ['visit', 'changed', 'status', 'patient', 'plans', 'doctor', 'place', 'diagnoses', 'authorization', 'charges'];
const PATIENT = ['id', 'last', 'first', 'born', 'sex'];
const PLAN = ['name', 'member', 'group'];
const CHARGE = ['id', 'day', 'code', 'modifiers', 'units', 'amount', 'for', 'ndc', 'ndc_quantity', 'ndc_unit', 'state'];

const STATUSES = { '': 'unchanged', open: 'unchanged', closed: 'closed', cancelled: 'cancelled' };
const STATES = { '': 'new', new: 'new', replaced: 'replace', cancelled: 'cancel' };
const RESPONSIBILITY = ['primary', 'secondary', 'tertiary'];
const NDC_UNITS = { UN: 'units', ML: 'milliliter', GR: 'gram', ME: 'milligram', F2: 'international-unit' };

// Contract fields for which this format has no place.
const UNDELIVERED = ['header.billing', 'coverage.filing-indicator'];

// There is nothing to set: the format is this one.
class Session {
  static open(setup) {
    if (setup.settings.length > 0 || setup.mapping.trim() !== '') {
      throw refusal('ndjson.mapping', 'mapping line 1', 'a mapping', 'none: the format has no other names');
    }
    return new Session();
  }

  translate(documents) {
    return documents.map(one);
  }
}

function one(document) {
  let record;
  try {
    record = json(document.content);
  } catch {
    return { tag: 'rejected', val: [problem('not-json', '/', 'no JSON', 'one JSON object a line')] };
  }
  const reader = new Reader(record, '');
  const update = visit(reader);
  if (reader.problems.length > 0) return { tag: 'rejected', val: reader.problems };
  if (!update.complete && update.status === 'unchanged') {
    return { tag: 'ignored', val: { id: 'ndjson.no-charge', reason: 'a visit that goes on, and nothing of its charges' } };
  }
  return { tag: 'events', val: [{ tag: 'visit', val: update }] };
}

// Reads one object of the record and collects what is wrong with it, at its path.
class Reader {
  constructor(record, path, problems = []) {
    this.path = path;
    this.problems = problems;
    const isObject = typeof record === 'object' && record !== null && !Array.isArray(record);
    this.record = isObject ? record : {};
    if (!isObject) this.wrong('', 'kind', kind(record), 'an object');
  }

  only(names) {
    Object.keys(this.record).forEach((name, at) => {
      // The name itself may be anybody's: its place is told.
      if (!names.includes(name)) this.wrong('', 'unknown-field', `an unknown field, number ${at + 1}`, `one of ${names.join(', ')}`);
    });
  }

  wrong(name, id, found, expected) {
    this.problems.push(problem(id, name === '' ? this.path || '/' : `${this.path}/${name}`, found, expected));
  }

  object(name) {
    return new Reader(this.record[name] ?? {}, `${this.path}/${name}`, this.problems);
  }

  objects(name) {
    return this.array(name).map((item, at) => new Reader(item, `${this.path}/${name}/${at}`, this.problems));
  }

  array(name) {
    const value = this.record[name] ?? [];
    if (Array.isArray(value)) return value;
    this.wrong(name, 'kind', kind(value), 'a list');
    return [];
  }

  texts(name) {
    const texts = this.array(name).map((value) => (typeof value === 'string' ? value.trim() : undefined));
    if (texts.includes(undefined)) this.wrong(name, 'kind', 'another kind of item', 'texts');
    return texts.filter((text) => text !== undefined && text !== '');
  }

  text(name) {
    const value = this.record[name] ?? '';
    if (typeof value === 'string') return value.trim();
    this.wrong(name, 'kind', kind(value), 'a text');
    return '';
  }

  required(name) {
    const text = this.text(name);
    if (text === '') this.wrong(name, 'missing', 'nothing', 'a text');
    return text;
  }

  word(name, words) {
    const text = this.text(name);
    if (!Object.hasOwn(words, text)) this.wrong(name, 'word', length(text), `one of ${Object.keys(words).filter(Boolean).join(', ')}`);
    return words[text] ?? Object.values(words)[0];
  }

  date(name) {
    const text = this.text(name);
    const found = day(text);
    if (text !== '' && !found) this.wrong(name, 'date', length(text), 'a day such as 2026-03-02');
    return found;
  }

  decimal(name, decimals, expected) {
    const text = this.required(name);
    const scaled = number(text, decimals);
    if (text !== '' && scaled === undefined) this.wrong(name, 'number', length(text), expected);
    return scaled ?? 0n;
  }
}

function visit(reader) {
  reader.only(VISIT);
  const visitNumber = reader.required('visit');
  const status = reader.word('status', STATUSES);
  const who = person(reader.object('patient'));
  const npi = reader.text('doctor');
  const diagnoses = reader.texts('diagnoses').map(diagnosis);
  const priorAuthorization = reader.text('authorization') || undefined;
  const header = claimHeader({
    patient: who,
    coverages: reader.objects('plans').slice(0, RESPONSIBILITY.length).map((plan, at) => cover(plan, at, who, priorAuthorization)),
    diagnoses,
    rendering: npi === '' ? undefined : provider({ npi }),
    placeOfService: reader.text('place'),
  });
  if (reader.array('plans').length > RESPONSIBILITY.length) {
    reader.wrong('plans', 'too-many', `${reader.array('plans').length} plans`, 'at most three');
  }
  // A list of nothing cancels, no list says nothing: which of them null is nobody can know.
  if (reader.record.charges === null) reader.wrong('charges', 'kind', kind(null), 'a list; no `charges` where nothing is said of them');
  return visitUpdate({
    sourceSystem: 'NDJSON',
    visitNumber,
    order: { eventTime: time(reader) },
    status,
    header,
    charges: reader.objects('charges').map((item) => oneCharge(item, diagnoses.length)),
    // A line that has charges has all of its visit.
    complete: 'charges' in reader.record,
    undelivered: UNDELIVERED,
  });
}

// The source's own order: a time in UTC, as the contract writes it.
function time(reader) {
  const text = reader.text('changed');
  const parts = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})Z$/.exec(text);
  if (text !== '' && !parts) reader.wrong('changed', 'time', length(text), 'a time in UTC such as 2026-03-02T17:00:00Z');
  return parts ? `${parts.slice(1).join('')}000000` : '';
}

function person(reader) {
  reader.only(PATIENT);
  const id = reader.text('id');
  const gender = reader.word('sex', { '': undefined, F: 'female', M: 'male', U: 'unknown' });
  return patient({
    ids: id === '' ? [] : [{ kind: 'medical-record', authority: '', value: id }],
    name: personName({ last: reader.text('last'), first: reader.text('first') }),
    birthDate: reader.date('born'),
    gender,
  });
}

function cover(reader, at, { name, birthDate, gender }, priorAuthorization) {
  reader.only(PLAN);
  const plan = reader.required('name');
  return coverage({
    responsibility: RESPONSIBILITY[at],
    payer: payer({ name: plan, localIds: [plan] }),
    subscriber: subscriber({ name, memberId: reader.text('member'), groupNumber: reader.text('group'), birthDate, gender }),
    relationship: 'patient-is-subscriber',
    // Of the plan that is billed first.
    priorAuthorization: at === 0 ? priorAuthorization : undefined,
  });
}

function oneCharge(reader, diagnoses) {
  reader.only(CHARGE);
  const id = reader.required('id');
  reader.required('day');
  const on = reader.date('day') ?? { year: 0, month: 0, day: 0 };
  const code = reader.required('code').toUpperCase();
  const pointers = reader.texts('for').map(Number);
  if (pointers.some((at) => !Number.isInteger(at) || at < 1 || at > diagnoses)) {
    reader.wrong('for', 'pointer', 'a position that is not there', 'positions in diagnoses, from 1');
  }
  const line = serviceLine({
    procedure: procedure({ system: procedureSystem(code), code, modifiers: reader.texts('modifiers').map((text) => text.toUpperCase()) }),
    charge: reader.decimal('amount', 2, 'an amount such as 120.50'),
    units: { unit: 'units', thousandths: reader.decimal('units', 3, 'units such as 1 or 1.5') },
    serviceDates: { start: on, end: on },
    diagnosisPointers: Uint8Array.from(pointers),
    drug: drug(reader),
  });
  return charge({ id, action: reader.word('state', STATES), line, at: { path: `${reader.path}/code` } });
}

// LIN and CTP: an NDC in 5-4-2 form, eleven digits.
function drug(reader) {
  const ndc = reader.text('ndc');
  if (ndc === '') return undefined;
  const parts = ndc.split('-');
  const code = parts.length === 3 ? parts[0].padStart(5, '0') + parts[1].padStart(4, '0') + parts[2].padStart(2, '0') : ndc;
  if (!/^[0-9]{11}$/.test(code)) reader.wrong('ndc', 'ndc', length(ndc), 'eleven digits, or 5-4-2 with hyphens');
  const thousandths = reader.decimal('ndc_quantity', 3, 'a quantity such as 1.5');
  const unit = reader.word('ndc_unit', NDC_UNITS);
  return { qualifier: 'ndc', code, amount: { unit, thousandths }, prescription: '', linkSequence: '' };
}

function problem(id, path, found, expected) {
  return { id: `ndjson.${id}`, at: { path }, found, expected, remedy: 'correct it where the line is written' };
}

function kind(value) {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return { object: 'an object', string: 'a text or a number', boolean: 'yes or no' }[typeof value];
}

export const translate = {
  describe() {
    return {
      id: 'ndjson-superbill',
      title: 'Superbills as lines of JSON',
      family: 'ndjson',
      formats: ['ndjson'],
      delivers: [
        'header.patient.ids', 'header.patient.name', 'header.patient.birth-date', 'header.patient.gender', 'header.coverages',
        'header.coverages.prior-authorization', 'header.diagnoses', 'header.rendering', 'header.place-of-service', 'line.procedure',
        'line.procedure.modifiers', 'line.charge', 'line.units', 'line.service-dates', 'line.diagnosis-pointers', 'line.drug',
        'visit.status',
      ],
      evidence: 'standard-only',
    };
  },
  Session,
};
