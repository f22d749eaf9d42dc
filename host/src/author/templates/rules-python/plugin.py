"""{{name}}: rules over professional claims, each with the public page that states it and its first day."""

import tomllib

from componentize_py_types import Err
from wit_world.exports.check import Description
from wit_world.imports import claim, intake, review

RULE = "{{name}}.needs-modifier"
# First day of service.
EFFECTIVE = claim.Date(2025, 1, 1)


def describe() -> Description:
    rule = review.Rule(
        id=RULE,
        title="A code without the modifier that it needs",
        severity=review.Severity.HOLD,
        source_url="https://example.org/policy",
        effective=EFFECTIVE,
        ended=None,
        basis=review.DateBasis.SERVICE,
    )
    return Description(id="{{name}}", title="Rules of {{name}}", look_back_days=0, rules=[rule])


class Session:
    """What each code needs."""

    def __init__(self, needs: dict[str, list[str]]):
        self.needs = needs

    @classmethod
    def open(cls, setup: intake.Setup) -> "Session":
        try:
            mapping = tomllib.loads(setup.mapping)
        except tomllib.TOMLDecodeError:
            raise Err([problem("mapping", "no TOML", "TOML")])
        wrong = [problem(f"mapping, {key}", "an unknown key", "[needs]") for key in mapping if key != "needs"]
        if wrong:
            raise Err(wrong)
        return cls({code: modifiers.split() for code, modifiers in mapping.get("needs", {}).items()})

    def check(self, claims: list[review.ClaimInContext]) -> list[list[review.Finding]]:
        return [self.one(context.claim) for context in claims]

    def one(self, claim: claim.Claim) -> list[review.Finding]:
        findings = []
        for number, line in enumerate(claim.lines, 1):
            code = line.procedure.code
            wanted = self.needs.get(code)
            if not wanted or set(wanted) & set(line.procedure.modifiers) or days(line.service_dates.start) < days(EFFECTIVE):
                continue
            # For a biller: codes and amounts, never who the patient is.
            words = f"{code} on line {number} has none of {', '.join(wanted)}: add the one that the record calls for."
            at = review.ClaimPlace(number, "procedure.modifiers")
            findings.append(review.Finding(RULE, review.Severity.HOLD, at, words, None))
        return findings


def days(date: claim.Date) -> tuple[int, int, int]:
    return date.year, date.month, date.day


def problem(path: str, found: str, expected: str) -> intake.Problem:
    at = intake.Place(path, None)
    return intake.Problem("{{name}}.mapping", at, found, expected, "correct this line of the mapping")
