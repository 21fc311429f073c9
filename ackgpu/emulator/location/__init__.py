"""The Location service: importing the package registers its operation."""

from __future__ import annotations

from ackgpu.emulator.location.product import PRODUCT

__all__ = ["PRODUCT"]
