"""Writes ../fixtures/ from a table of cases: what is on the claim, what was billed before, and the rule of each finding that a person expects.

`python3 tests/cases.py` writes the claims and checks `expected.json`, which `claimhost plugin test --accept` writes, against the table;
with `--check` it writes nothing, and claims that are not those of the table are wrong too.
"""

import json
import pathlib
import sys

SESSIONS = "medicare-tobacco.sessions"
DIAGNOSIS = "medicare-tobacco.diagnosis"

MONTHLY = [f"2025-{month:02}-10" for month in range(4, 12)]

# Name, day of service, lines (code and units), diagnoses, days of earlier sessions, rule and line of each finding.
CASES = [
    ("sessions-ninth-fails", "2026-03-02", [("99407", 1)], ["F17210"], MONTHLY, [(SESSIONS, 1)]),
    ("sessions-two-units-over-fails", "2026-03-02", [("99213", 1), ("99406", 2)], ["F17210"], MONTHLY[:7], [(SESSIONS, 2)]),
    ("sessions-second-line-over-fails", "2026-03-02", [("99406", 1), ("99407", 1)], ["F17210"], MONTHLY[:7], [(SESSIONS, 2)]),
    ("sessions-last-of-the-month-fails", "2026-03-31", [("99407", 1)], ["F17210"], MONTHLY, [(SESSIONS, 1)]),
    ("sessions-next-year-passes", "2026-04-01", [("99407", 1)], ["F17210"], MONTHLY, []),
    ("sessions-second-year-ninth-fails", "2026-11-02", [("99407", 1)], ["F17210"], MONTHLY + ["2026-04-01"] * 8, [(SESSIONS, 1)]),
    ("sessions-eighth-passes", "2026-03-02", [("99407", 1)], ["F17210"], MONTHLY[:7], []),
    ("sessions-other-code-passes", "2026-03-02", [("99213", 9)], ["F17210"], MONTHLY, []),
    ("sessions-before-its-date-passes", "2010-08-24", [("99407", 1)], ["F17210"], ["2010-01-10"] * 8, []),
    ("diagnosis-another-fails", "2026-03-02", [("99406", 1)], ["R059"], [], [(DIAGNOSIS, 1)]),
    ("diagnosis-not-pointed-to-fails", "2026-03-02", [("99406", 1)], ["R059", "F17210"], [], [(DIAGNOSIS, 1)]),
    ("diagnosis-history-passes", "2026-03-02", [("99406", 1)], ["Z87891"], [], []),
    ("diagnosis-toxic-effect-passes", "2026-03-02", [("99407", 1)], ["T65221A"], [], []),
    ("diagnosis-before-its-date-passes", "2015-09-30", [("99406", 1)], ["R059"], [], []),
]


def date(text):
    return dict(zip(("year", "month", "day"), map(int, text.split("-"))))


def days(text):
    return {"start": date(text), "end": date(text)}


def procedure(code):
    return {"system": "Cpt", "code": code, "modifiers": [], "description": ""}


def units(count):
    return {"unit": "Units", "thousandths": count * 1000}


def person(last, first, npi, is_person=True):
    name = {"last": last, "first": first, "middle": "", "suffix": ""}
    return {
        "is_person": is_person, "name": name, "npi": npi, "taxonomy": None, "address": None, "ids": [], "contacts": [], "local_id": "",
    }


def line(code, count, day):
    return {
        "procedure": procedure(code), "charge": 3000 * count, "unit_charge": None, "units": units(count), "place_of_service": "",
        "diagnosis_pointers": [1], "service_dates": days(day), "emergency": False, "epsdt": False, "family_planning": False,
        "copay_exempt": False, "drug": None, "providers": None, "adjudications": [], "extras": None,
    }


def claim(day, lines, diagnoses, earlier):
    patient = {
        "ids": [], "name": {"last": "Vance", "first": "Orla", "middle": "", "suffix": ""}, "birth_date": date("1950-02-01"),
        "gender": "Female", "address": None, "death_date": None, "weight_pounds": None, "pregnant": False, "casualty_patient_id": None,
        "contact": None,
    }
    header = {
        "patient": patient, "coverages": [], "diagnoses": [{"system": "Icd10cm", "code": code} for code in diagnoses],
        "billing": person("Cedar Family Medicine", "", "1234567893", False), "rendering": person("Osei", "Daniel", "1245319599"),
        "referring": None, "primary_care": None, "service_facility": None, "supervising": None, "place_of_service": "11", "location": "",
        "provider_signature": True, "assignment": "Assigned", "patient_paid": None, "stated_total": None, "extras": None,
    }
    lines = [line(code, count, day) for code, count in lines]
    whole = {
        "control_number": "C2", "frequency": "Original", "payer_control_number": None, "destination": 0,
        "total_charge": sum(one["charge"] for one in lines), "header": header, "lines": lines,
    }
    before = [
        {
            "claim_id": f"C1-{at}", "service_dates": days(on), "procedure": procedure("99407"), "units": units(1), "charge": 3000,
            "rendering_npi": "1245319599", "diagnoses": ["F17210"],
        }
        for at, on in enumerate(earlier)
    ]
    # Newest first, as the host hands them over.
    return {"claim": whole, "as_of": date(day), "earlier": before[::-1]}


def main():
    check = sys.argv[1:] == ["--check"]
    if sys.argv[1:] and not check:
        sys.exit("usage: cases.py [--check]")
    folder = pathlib.Path(__file__).parent.parent / "fixtures"
    wrong = []
    for name, day, lines, diagnoses, earlier, findings in CASES:
        case = folder / name
        text = json.dumps([claim(day, lines, diagnoses, earlier)], indent=1) + "\n"
        written = case / "claim.json"
        if not check:
            case.mkdir(parents=True, exist_ok=True)
            written.write_text(text)
        elif not written.exists() or written.read_text() != text:
            wrong.append(f"{name}: claim.json is not the table's claim: run cases.py, read what changed")
        expected = case / "expected.json"
        answers = json.loads(expected.read_text()) if expected.exists() else [[]]
        found = [(one["rule"], one["at"]["line"]) for one in answers[0]]
        if found != findings:
            wrong.append(f"{name}: expected {findings}, expected.json has {found}")
    for case in folder.iterdir():
        # accepted.toml is what `plugin test --accept` has written of them.
        if case.name not in {row[0] for row in CASES} | {"accepted.toml"}:
            wrong.append(f"fixtures/{case.name} has no case")
    if wrong:
        sys.exit("\n".join(wrong))


main()
