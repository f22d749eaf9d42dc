// {{name}}: rules over professional claims, each with the public page that states it and its first day.

import { mapping, refusal } from './claimhost.js';

const RULE = '{{name}}.needs-modifier';
// First day of service.
const EFFECTIVE = { year: 2025, month: 1, day: 1 };

// What each code needs.
class Session {
  constructor(needs) {
    this.needs = needs;
  }

  static open(setup) {
    const { '': top, needs = {}, ...others } = mapping(setup.mapping);
    for (const key of [...Object.keys(top), ...Object.keys(others)]) {
      throw refusal('{{name}}.mapping', `mapping, ${key}`, 'an unknown key', '[needs]');
    }
    const words = ([code, modifiers]) => [code, modifiers.split(' ')];
    return new Session(new Map(Object.entries(needs).map(words)));
  }

  check(claims) {
    return claims.map(({ claim }) => claim.lines.flatMap((line, at) => this.needsModifier(line, at + 1)));
  }

  needsModifier({ procedure, serviceDates }, line) {
    const wanted = this.needs.get(procedure.code);
    const hasOne = wanted?.some((modifier) => procedure.modifiers.includes(modifier));
    if (!wanted || hasOne || days(serviceDates.start) < days(EFFECTIVE)) return [];
    return [{
      rule: RULE,
      severity: 'hold',
      at: { line, field: 'procedure.modifiers' },
      // For a biller: codes and amounts, never who the patient is.
      words: `${procedure.code} on line ${line} has none of ${wanted.join(', ')}: add the one that the record calls for.`,
    }];
  }
}

const days = ({ year, month, day }) => year * 10000 + month * 100 + day;

export const check = {
  describe() {
    return {
      id: '{{name}}',
      title: 'Rules of {{name}}',
      lookBackDays: 0,
      rules: [{
        id: RULE,
        title: 'A code without the modifier that it needs',
        severity: 'hold',
        sourceUrl: 'https://example.org/policy',
        effective: EFFECTIVE,
        basis: 'service',
      }],
    };
  },
  Session,
};
