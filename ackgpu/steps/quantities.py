"""Kubernetes quantities: ``8k``, ``1Gi``, ``100m``, ``2``, ``1e3``.

The API server rewrites what it is sent into the shortest form, so that 8000 MiB of GPU memory come
back as ``8k`` (Kubernetes API reference, "Quantity").
"""

from __future__ import annotations

import re
from decimal import Decimal

_FORM = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(?:([eE][+-]?\d+)|([KMGTPE]i|[numkMGTPE])?)")
_BINARY = {unit: Decimal(1024) ** power for power, unit in enumerate("KMGTPE", start=1)}
_DECIMAL = {
    unit: Decimal(10) ** power
    for power, unit in zip((-9, -6, -3, 3, 6, 9, 12, 15, 18), "numkMGTPE", strict=True)
}


def amount(text: str) -> Decimal:
    """The quantity as a number; raises ValueError if it is none."""
    found = _FORM.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is not a quantity")
    number, exponent, unit = found.groups()
    if exponent:
        return Decimal(number + exponent)
    if not unit:
        return Decimal(number)
    factor = _BINARY[unit[0]] if unit.endswith("i") else _DECIMAL[unit]
    return Decimal(number) * factor


def whole(text: str) -> int:
    """The quantity rounded down to a whole number; 0 if it is none."""
    try:
        return int(amount(text))
    except (ValueError, OverflowError):
        return 0
