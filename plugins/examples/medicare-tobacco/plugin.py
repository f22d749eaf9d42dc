"""Original Medicare, Part B: counselling to prevent tobacco use (99406, 99407), in Python.

`medicare-tobacco.sessions`
  What it does: holds the ninth session of a patient in twelve months, and later ones.
  Why it matters: Medicare covers two attempts a year of four sessions each; the ninth is denied.
  Known problems: sessions elsewhere are not seen; a year begins with the first session of the last four years that is here.
  Example: 99407 in December after eight sessions since February. Repair: see the patient's eligibility for the next day; an ABN.

`medicare-tobacco.diagnosis`
  What it does: holds a session that points to no diagnosis of tobacco use.
  Why it matters: without one the service is not covered.
  Known problems: by families of codes; a contractor's own list may be shorter.
  Example: 99406 with R05.9. Repair: the diagnosis in the chart, F17.2-, T65.2- or Z87.891, pointed to by the line.

References: Medicare Claims Processing Manual (CMS publication 100-04), chapter 18, section 150; National Coverage Determination 210.4.1,
services from 2010-08-25 (diagnoses: ICD-10-CM, from 2015-10-01).
"""

from componentize_py_types import Err
from wit_world.exports.check import Description
from wit_world.imports import claim, intake, review

SOURCE = "https://www.cms.gov/regulations-and-guidance/guidance/manuals/downloads/clm104c18.pdf"
SESSIONS = "medicare-tobacco.sessions"
DIAGNOSIS = "medicare-tobacco.diagnosis"
# First day of service of each.
EFFECTIVE = {SESSIONS: claim.Date(2010, 8, 25), DIAGNOSIS: claim.Date(2015, 10, 1)}
TITLES = {
    SESSIONS: "Counselling to prevent tobacco use: eight sessions in twelve months",
    DIAGNOSIS: "Counselling to prevent tobacco use without a diagnosis of it",
}

CODES = {"99406", "99407"}
SESSIONS_MAX = 8
LOOK_BACK_DAYS = 1500


def describe() -> Description:
    rules = [
        review.Rule(id, TITLES[id], review.Severity.HOLD, SOURCE, EFFECTIVE[id], None, review.DateBasis.SERVICE)
        for id in (SESSIONS, DIAGNOSIS)
    ]
    return Description("medicare-tobacco", "Medicare: counselling to prevent tobacco use", LOOK_BACK_DAYS, rules)


class Session:
    """There is nothing to set: every practice has the same rules."""

    @classmethod
    def open(cls, setup: intake.Setup) -> "Session":
        if setup.settings or setup.mapping.strip():
            at = intake.Place("rule_settings.medicare-tobacco", None)
            raise Err([intake.Problem("medicare-tobacco.settings", at, "settings", "none", "remove them from the profile")])
        return cls()

    def check(self, claims: list[review.ClaimInContext]) -> list[list[review.Finding]]:
        return [sessions(context) + diagnoses(context.claim) for context in claims]


def sessions(context: review.ClaimInContext) -> list[review.Finding]:
    """Counts the sessions of the year that each line of this claim falls in."""
    billed = [day(line.service_dates.start) for line in context.earlier if line.procedure.code in CODES for _ in range(count(line.units))]
    here = [(day(line.service_dates.start), number, line) for number, line in counselling(context.claim)]
    here.sort(key=lambda one: one[:2])
    findings = []
    for on, number, line in here:
        # Those of this claim that come before this line count as billed.
        before = sorted([one for one in billed if one <= on])
        used = len(of_year(before, on))
        units = count(line.units)
        if used + units > SESSIONS_MAX and on >= day(EFFECTIVE[SESSIONS]):
            words = (
                f"{line.procedure.code} on line {number} is session {used + units} since {spoken(year_of(before, on))}: Medicare covers "
                f"{SESSIONS_MAX} in twelve months. The next begin on {spoken(next_year(year_of(before, on)))}."
            )
            findings.append(finding(SESSIONS, number, "service_dates", words))
        billed.extend([on] * units)
    return findings


def diagnoses(one: claim.Claim) -> list[review.Finding]:
    """Looks for a diagnosis of tobacco use among those that a line points to."""
    findings = []
    for number, line in counselling(one):
        pointed = [one.header.diagnoses[at - 1].code for at in line.diagnosis_pointers if 0 < at <= len(one.header.diagnoses)]
        is_covered = any(code.startswith(("F172", "T652")) or code == "Z87891" for code in pointed)
        if not is_covered and day(line.service_dates.start) >= day(EFFECTIVE[DIAGNOSIS]):
            words = (
                f"{line.procedure.code} on line {number} points to no diagnosis of tobacco use (F17.2-, T65.2-, Z87.891): add the one that is "
                f"in the record and point to it."
            )
            findings.append(finding(DIAGNOSIS, number, "diagnosis_pointers", words))
    return findings


def counselling(one: claim.Claim) -> list[tuple[int, claim.ServiceLine]]:
    return [(number, line) for number, line in enumerate(one.lines, 1) if line.procedure.code in CODES]


def count(units: claim.Quantity) -> int:
    """Sessions of a line: one for each unit, and one where it says less."""
    return max(1, units.thousandths // 1000)


def year_of(days: list[tuple], on: tuple) -> tuple:
    """First session of the year that a day falls in: the day itself where none has begun."""
    first = None
    for one in days:
        if first is None or one >= next_year(first):
            first = one
    return on if first is None or on >= next_year(first) else first


def of_year(days: list[tuple], on: tuple) -> list[tuple]:
    first = year_of(days, on)
    return [one for one in days if first <= one]


def next_year(first: tuple) -> tuple:
    """When the next sessions are covered: after the month of the first session eleven full months have to pass."""
    year, month, _ = first
    return year + 1, month, 1


def day(date: claim.Date) -> tuple[int, int, int]:
    return date.year, date.month, date.day


def spoken(date: tuple) -> str:
    return "{:04}-{:02}-{:02}".format(*date)


def finding(rule: str, line: int, field: str, words: str) -> review.Finding:
    return review.Finding(rule, review.Severity.HOLD, review.ClaimPlace(line, field), words, None)
