"""Records of the contract with nothing in the fields that are not said: the dataclasses of `wit_world` want each of theirs."""

from dataclasses import fields, is_dataclass
from enum import Enum
from functools import lru_cache
from typing import Any, Union, get_args, get_origin, get_type_hints


# The greatest amount, and the greatest number of thousandths, that the contract can say.
S64_MAX = 2**63 - 1


def empty(record: type, **given: Any) -> Any:
    """A record with these fields. All others say nothing: no text, no items, none, zero, the first word of an enum.

    A name that the record does not have is a TypeError.
    """
    missing = {name: nothing(kind) for name, kind in kinds(record) if name not in given}
    return record(**missing, **given)


@lru_cache(maxsize=None)
def kinds(record: type) -> tuple:
    """Names and kinds of a record's fields."""
    hints = get_type_hints(record)
    return tuple((field.name, hints[field.name]) for field in fields(record))


def nothing(kind: Any) -> Any:
    """What a field of this kind is where nobody says anything."""
    if get_origin(kind) is Union:
        if type(None) in get_args(kind):
            return None
        raise TypeError(f"{kind} has no empty value: say which")
    if get_origin(kind) is list:
        return []
    if is_dataclass(kind):
        return empty(kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return next(iter(kind))
    return kind()


def number(text: str, decimals: int) -> int | None:
    """A number of at most so many decimals, as a whole number of the last of them (120.5 with two is 12050): never a float.

    None where the text is no plain number: sign, exponent, stray dot, a decimal too many; and beyond s64, which the contract cannot say.
    """
    whole, dot, fraction = text.partition(".")
    plain = whole.isascii() and whole.isdigit() and (not dot or fraction.isascii() and fraction.isdigit())
    if not plain or len(fraction) > decimals:
        return None
    digits = (whole + fraction.ljust(decimals, "0")).lstrip("0") or "0"
    # By its length first: Python refuses to read very long ones.
    scaled = int(digits) if len(digits) <= len(str(S64_MAX)) else S64_MAX + 1
    return scaled if scaled <= S64_MAX else None
