"""Kubernetes quantities: ``100m``, ``1Gi``, ``2``."""

from __future__ import annotations

import math
from decimal import Decimal, InvalidOperation

_BINARY = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50, "Ei": 2**60}
_DECIMAL = {
    "n": Decimal("1e-9"), "u": Decimal("1e-6"), "m": Decimal("1e-3"), "": Decimal(1),
    "k": Decimal("1e3"), "M": Decimal("1e6"), "G": Decimal("1e9"), "T": Decimal("1e12"),
    "P": Decimal("1e15"), "E": Decimal("1e18"),
}  # fmt: skip


def amount(text: str | int | float) -> Decimal:
    """The quantity as a number; raises ValueError where it is none."""
    value = str(text).strip()
    digits = value.rstrip("KMGTPEikmnu")
    unit = value[len(digits) :]
    factor = Decimal(_BINARY[unit]) if unit in _BINARY else _DECIMAL.get(unit)
    if factor is None:
        raise ValueError(f"unknown unit {unit!r}")
    try:
        return Decimal(digits) * factor
    except InvalidOperation:
        raise ValueError(f"not a quantity: {value!r}") from None


def shown(value: Decimal) -> str:
    """A number as the shortest quantity: whole, or in thousandths."""
    if value == value.to_integral_value():
        return str(int(value))
    return f"{int(value * 1000)}m"


def share_of(value: str | int, whole: int) -> int:
    """An absolute number, or a share of ``whole`` (``25%``) rounded up."""
    if isinstance(value, str) and value.endswith("%"):
        return math.ceil(whole * int(value[:-1]) / 100)
    return int(value)
