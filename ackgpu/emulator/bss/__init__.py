"""The billing API: importing the package registers its operations."""

from __future__ import annotations

from ackgpu.emulator.bss.product import PRODUCT

__all__ = ["PRODUCT"]
