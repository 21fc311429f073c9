"""The NLB product: importing the package registers its operations."""

from __future__ import annotations

from ackgpu.emulator.nlb import balancers
from ackgpu.emulator.nlb.product import PRODUCT

__all__ = ["PRODUCT", "balancers"]
