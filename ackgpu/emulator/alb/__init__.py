"""The ALB product: importing the package registers its operations."""

from __future__ import annotations

from ackgpu.emulator.alb.product import PRODUCT

__all__ = ["PRODUCT"]
