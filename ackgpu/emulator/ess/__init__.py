"""Auto Scaling: importing the package registers its operations."""

from __future__ import annotations

from ackgpu.emulator.ess import activities
from ackgpu.emulator.ess.product import PRODUCT

__all__ = ["PRODUCT", "activities"]
