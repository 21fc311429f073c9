"""Importing this package registers every operation of Quota Center."""

from __future__ import annotations

from ackgpu.emulator.quotas import applications, reads
from ackgpu.emulator.quotas.product import PRODUCT

__all__ = ["PRODUCT", "applications", "reads"]
