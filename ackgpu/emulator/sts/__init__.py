"""Importing this package registers every operation of the Security Token Service."""

from __future__ import annotations

from ackgpu.emulator.sts import identity
from ackgpu.emulator.sts.product import PRODUCT

__all__ = ["PRODUCT", "identity"]
