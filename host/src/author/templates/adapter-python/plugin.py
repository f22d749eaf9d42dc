"""{{name}}: one JSON object a line, one charge each, to visit events. `mapping.toml` says where each element stands."""

import datetime
import json
import re
import tomllib

from claimhost import empty, number
from componentize_py_types import Err
from wit_world.exports.translate import Description
from wit_world.imports import claim, evidence, intake

# Elements that the mapping may place, and whether it has to.
ELEMENTS = {
    "visit": True,
    "charge_id": True,
    "patient_id": False,
    "patient_last": False,
    "patient_first": False,
    "patient_birth_date": False,
    "patient_gender": False,
    "payer": False,
    "member_id": False,
    "rendering_npi": False,
    "place_of_service": False,
    "service_date": True,
    "procedure": True,
    "modifiers": False,
    "units": True,
    "amount": True,
    "diagnoses": False,
}

# Contract fields for which this source has no place: what is missing then says so.
UNDELIVERED = ["header.billing", "coverage.filing-indicator"]


def describe() -> Description:
    return Description(
        id="{{name}}",
        title="Charges of {{name}}",
        family="{{name}}",
        formats=["ndjson"],
        delivers=["header.patient", "header.coverages", "header.diagnoses", "header.rendering", "line.procedure", "line.units", "line.charge"],
        evidence=evidence.Level.STANDARD_ONLY,
    )


class Session:
    """One site's feed."""

    def __init__(self, source_system: str, fields: dict[str, str]):
        self.source_system = source_system
        self.fields = fields

    @classmethod
    def open(cls, setup: intake.Setup) -> "Session":
        try:
            mapping = tomllib.loads(setup.mapping)
        except tomllib.TOMLDecodeError:
            raise Err([problem("mapping", "mapping", "no TOML", "TOML")])
        fields = mapping.get("fields", {})
        wrong = [problem("mapping", f"mapping, [fields] {key}", "an unknown key", "an element") for key in fields if key not in ELEMENTS]
        for element, required in ELEMENTS.items():
            if required and not fields.get(element):
                wrong.append(problem("mapping", f"mapping, [fields] {element}", "nothing", "the names that lead to it"))
        if wrong:
            raise Err(wrong)
        return cls(mapping.get("source_system", "{{name}}"), fields)

    def translate(self, documents: list[intake.Document]) -> list[intake.Outcome]:
        return [self.one(document) for document in documents]

    def one(self, document: intake.Document) -> intake.Outcome:
        try:
            # Numbers stay the texts that they are: 0.1 must not become a float.
            record = json.loads(document.content, parse_float=str, parse_int=str)
        except ValueError:
            return intake.Outcome_Rejected([problem("not-json", "/", "no JSON", "one JSON object a line")])
        reader = Reader(self.fields, record)
        if not reader.text("procedure") and not reader.text("amount"):
            return intake.Outcome_Ignored(intake.Ignored("{{name}}.no-charge", "a record without a charge"))
        update = visit(reader, self.source_system)
        if reader.problems:
            return intake.Outcome_Rejected(reader.problems)
        return intake.Outcome_Events([intake.Event_Visit(update)])


class Reader:
    """Reads one record and collects what is wrong with it."""

    def __init__(self, fields: dict[str, str], record):
        self.fields = fields
        self.record = record
        self.problems: list[intake.Problem] = []

    def value(self, element: str):
        names = [name for name in self.fields.get(element, "").split(".") if name]
        value = self.record if names else None
        for name in names:
            value = value.get(name) if isinstance(value, dict) else None
        return value

    def text(self, element: str) -> str:
        value = self.value(element)
        return value.strip() if isinstance(value, str) else ""

    def list(self, element: str) -> list[str]:
        value = self.value(element)
        items = value if isinstance(value, list) else [value]
        return [item.strip() for item in items if isinstance(item, str) and item.strip()]

    def place(self, element: str) -> str:
        return "/" + self.fields.get(element, "").replace(".", "/")

    def wrong(self, element: str, id: str, found: str, expected: str) -> None:
        self.problems.append(problem(id, self.place(element), found, expected))

    def required(self, element: str) -> str:
        text = self.text(element)
        if not text:
            self.wrong(element, "missing", "nothing", "a text")
        return text

    def date(self, element: str) -> claim.Date | None:
        """A day (YYYY-MM-DD) that the calendar has."""
        text = self.text(element)
        if not text:
            return None
        try:
            if not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
                raise ValueError
            day = datetime.date.fromisoformat(text)
        except ValueError:
            self.wrong(element, "date", length(text), "a day such as 2026-03-02")
            return None
        return claim.Date(day.year, day.month, day.day)

    def decimal(self, element: str, decimals: int, expected: str) -> int:
        text = self.text(element)
        scaled = number(text, decimals)
        if scaled is None:
            self.wrong(element, "number", length(text), expected)
        return scaled or 0


def visit(reader: Reader, source_system: str) -> intake.VisitUpdate:
    visit_number = reader.required("visit")
    charge_id = reader.required("charge_id")
    birth_date = reader.date("patient_birth_date")
    mrn = reader.text("patient_id")
    patient = empty(
        claim.Patient,
        ids=[claim.PatientId(claim.PatientIdKind.MEDICAL_RECORD, "", mrn)] if mrn else [],
        name=empty(claim.PersonName, last=reader.text("patient_last"), first=reader.text("patient_first")),
        birth_date=birth_date,
        gender=gender(reader.text("patient_gender")),
    )
    npi = reader.text("rendering_npi")
    diagnoses = [diagnosis(text) for text in reader.list("diagnoses")]
    header = empty(
        claim.ClaimHeader,
        patient=patient,
        coverages=coverages(reader, patient),
        diagnoses=diagnoses,
        rendering=empty(claim.Provider, is_person=True, npi=npi) if npi else None,
        place_of_service=reader.text("place_of_service"),
    )
    return empty(
        intake.VisitUpdate,
        source_system=source_system,
        visit_number=visit_number,
        header=header,
        charges=[charge(reader, charge_id, len(diagnoses))],
        undelivered=UNDELIVERED,
    )


def charge(reader: Reader, id: str, diagnoses: int) -> intake.Charge:
    reader.required("service_date")
    day = reader.date("service_date") or empty(claim.Date)
    code = reader.required("procedure").upper()
    units = reader.decimal("units", 3, "units such as 1 or 1.5")
    amount = reader.decimal("amount", 2, "an amount such as 120.50")
    line = empty(
        claim.ServiceLine,
        procedure=empty(claim.Procedure, system=system(code), code=code, modifiers=reader.list("modifiers")),
        charge=amount,
        units=claim.Quantity(claim.Unit.UNITS, units),
        service_dates=claim.DateRange(day, day),
        # The first four, as SV107 has room for them.
        diagnosis_pointers=bytes(range(1, min(diagnoses, 4) + 1)),
    )
    return empty(intake.Charge, id=id, line=line, at=intake.Place(reader.place("procedure"), None))


def coverages(reader: Reader, patient: claim.Patient) -> list[claim.Coverage]:
    name = reader.text("payer")
    if not name:
        return []
    subscriber = empty(
        claim.Subscriber,
        is_person=True,
        name=patient.name,
        member_id=reader.text("member_id"),
        birth_date=patient.birth_date,
        gender=patient.gender,
    )
    return [
        empty(
            claim.Coverage,
            responsibility=claim.Responsibility.PRIMARY,
            # The host finds the payer in the practice profile by what the source calls it.
            payer=empty(claim.Payer, name=name, local_ids=[name]),
            subscriber=subscriber,
            relationship=claim.Relationship.PATIENT_IS_SUBSCRIBER,
        )
    ]


def gender(text: str) -> claim.Gender | None:
    known = {"": None, "F": claim.Gender.FEMALE, "M": claim.Gender.MALE}
    return known.get(text, claim.Gender.UNKNOWN)


def system(code: str) -> claim.ProcedureSystem:
    """By form: four digits and a digit or F, T, U, M are CPT, a letter and four digits HCPCS, all else the practice's own."""
    if re.fullmatch("[0-9]{4}[0-9FTUM]", code):
        return claim.ProcedureSystem.CPT
    if re.fullmatch("[A-Z][0-9]{4}", code):
        return claim.ProcedureSystem.HCPCS
    return claim.ProcedureSystem.INTERNAL


def diagnosis(text: str) -> claim.Diagnosis:
    code = text.replace(".", "").upper()
    is_icd = re.fullmatch("[A-Z][0-9].+", code)
    return claim.Diagnosis(claim.DiagnosisSystem.ICD10CM if is_icd else claim.DiagnosisSystem.OTHER, code)


def problem(id: str, path: str, found: str, expected: str) -> intake.Problem:
    """Says what is wrong, never with a value of the document."""
    remedy = "correct it in the source, or its place in mapping.toml"
    return intake.Problem(f"{{name}}.{id}", intake.Place(path, None), found, expected, remedy)


def length(text: str) -> str:
    return f"{len(text)} characters" if text else "nothing"
