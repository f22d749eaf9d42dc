// {{name}}: one JSON object a line, one charge each, to visit events. `mapping.toml` says where each element stands.

import {
  charge, claimHeader, coverage, day, diagnosis, json, length, mapping, number, patient, payer, personName, procedure,
  procedureSystem, provider, refusal, serviceLine, subscriber, visitUpdate,
} from './claimhost.js';

// Elements that the mapping may place, and whether it has to.
const ELEMENTS = {
  visit: true,
  charge_id: true,
  patient_id: false,
  patient_last: false,
  patient_first: false,
  patient_birth_date: false,
  patient_gender: false,
  payer: false,
  member_id: false,
  rendering_npi: false,
  place_of_service: false,
  service_date: true,
  procedure: true,
  modifiers: false,
  units: true,
  amount: true,
  diagnoses: false,
};

// Contract fields for which this source has no place: what is missing then says so.
const UNDELIVERED = ['header.billing', 'coverage.filing-indicator'];

// One site's feed.
class Session {
  constructor(sourceSystem, fields) {
    this.sourceSystem = sourceSystem;
    this.fields = fields;
  }

  static open(setup) {
    const { '': top, fields = {} } = mapping(setup.mapping);
    for (const key of Object.keys(fields)) {
      if (!(key in ELEMENTS)) throw refusal('{{name}}.mapping', `mapping, [fields] ${key}`, 'an unknown key', 'an element');
    }
    for (const [element, required] of Object.entries(ELEMENTS)) {
      if (required && !fields[element]) {
        throw refusal('{{name}}.mapping', `mapping, [fields] ${element}`, 'nothing', 'the names that lead to it');
      }
    }
    return new Session(top.source_system ?? '{{name}}', fields);
  }

  translate(documents) {
    return documents.map((document) => this.one(document));
  }

  one(document) {
    let record;
    try {
      record = json(document.content);
    } catch {
      return { tag: 'rejected', val: [problem('not-json', '/', 'no JSON', 'one JSON object a line')] };
    }
    const reader = new Reader(this.fields, record);
    if (reader.text('procedure') === '' && reader.text('amount') === '') {
      return { tag: 'ignored', val: { id: '{{name}}.no-charge', reason: 'a record without a charge' } };
    }
    const update = visit(reader, this.sourceSystem);
    if (reader.problems.length > 0) return { tag: 'rejected', val: reader.problems };
    return { tag: 'events', val: [{ tag: 'visit', val: update }] };
  }
}

// Reads one record and collects what is wrong with it.
class Reader {
  constructor(fields, record) {
    this.fields = fields;
    this.record = record;
    this.problems = [];
  }

  value(element) {
    const names = (this.fields[element] ?? '').split('.').filter((name) => name !== '');
    return names.length === 0 ? undefined : names.reduce((value, name) => value?.[name], this.record);
  }

  text(element) {
    return plain(this.value(element));
  }

  list(element) {
    const value = this.value(element);
    return (Array.isArray(value) ? value : [value]).map(plain).filter((text) => text !== '');
  }

  place(element) {
    return `/${(this.fields[element] ?? '').replaceAll('.', '/')}`;
  }

  wrong(element, id, found, expected) {
    this.problems.push(problem(id, this.place(element), found, expected));
  }

  required(element) {
    const text = this.text(element);
    if (text === '') this.wrong(element, 'missing', 'nothing', 'a text');
    return text;
  }

  // A day (YYYY-MM-DD) that the calendar has.
  date(element) {
    const text = this.text(element);
    const found = day(text);
    if (text !== '' && !found) this.wrong(element, 'date', length(text), 'a day such as 2026-03-02');
    return found;
  }

  decimal(element, decimals, expected) {
    const text = this.text(element);
    const scaled = number(text, decimals);
    if (scaled === undefined) this.wrong(element, 'number', length(text), expected);
    return scaled ?? 0n;
  }
}

function visit(reader, sourceSystem) {
  const visitNumber = reader.required('visit');
  const chargeId = reader.required('charge_id');
  const birthDate = reader.date('patient_birth_date');
  const mrn = reader.text('patient_id');
  const who = patient({
    ids: mrn === '' ? [] : [{ kind: 'medical-record', authority: '', value: mrn }],
    name: personName({ last: reader.text('patient_last'), first: reader.text('patient_first') }),
    birthDate,
    gender: { '': undefined, F: 'female', M: 'male' }[reader.text('patient_gender')] ?? (reader.text('patient_gender') ? 'unknown' : undefined),
  });
  const npi = reader.text('rendering_npi');
  const diagnoses = reader.list('diagnoses').map(diagnosis);
  const header = claimHeader({
    patient: who,
    coverages: coverages(reader, who),
    diagnoses,
    rendering: npi === '' ? undefined : provider({ npi }),
    placeOfService: reader.text('place_of_service'),
  });
  return visitUpdate({
    sourceSystem,
    visitNumber,
    header,
    charges: [oneCharge(reader, chargeId, diagnoses.length)],
    undelivered: UNDELIVERED,
  });
}

function oneCharge(reader, id, diagnoses) {
  reader.required('service_date');
  const on = reader.date('service_date') ?? { year: 0, month: 0, day: 0 };
  const code = reader.required('procedure').toUpperCase();
  const thousandths = reader.decimal('units', 3, 'units such as 1 or 1.5');
  const cents = reader.decimal('amount', 2, 'an amount such as 120.50');
  const line = serviceLine({
    procedure: procedure({ system: procedureSystem(code), code, modifiers: reader.list('modifiers') }),
    charge: cents,
    units: { unit: 'units', thousandths },
    serviceDates: { start: on, end: on },
    // The first four, as SV107 has room for them.
    diagnosisPointers: Uint8Array.from([1, 2, 3, 4].slice(0, diagnoses)),
  });
  return charge({ id, line, at: { path: reader.place('procedure') } });
}

function coverages(reader, who) {
  const name = reader.text('payer');
  if (name === '') return [];
  const { birthDate, gender } = who;
  return [coverage({
    responsibility: 'primary',
    // The host finds the payer in the practice profile by what the source calls it.
    payer: payer({ name, localIds: [name] }),
    subscriber: subscriber({ name: who.name, memberId: reader.text('member_id'), birthDate, gender }),
    relationship: 'patient-is-subscriber',
  })];
}

// Says what is wrong, never with a value of the document.
function problem(id, path, found, expected) {
  const remedy = 'correct it in the source, or its place in mapping.toml';
  return { id: `{{name}}.${id}`, at: { path }, found, expected, remedy };
}

// Numbers are texts already: `json` keeps every digit.
function plain(value) {
  return typeof value === 'string' ? value.trim() : '';
}

export const translate = {
  describe() {
    return {
      id: '{{name}}',
      title: 'Charges of {{name}}',
      family: '{{name}}',
      formats: ['ndjson'],
      delivers: ['header.patient', 'header.coverages', 'header.diagnoses', 'header.rendering', 'line.procedure', 'line.units', 'line.charge'],
      evidence: 'standard-only',
    };
  },
  Session,
};
