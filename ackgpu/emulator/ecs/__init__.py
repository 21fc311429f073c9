"""Importing this package registers every operation of Elastic Compute Service."""

from __future__ import annotations

from ackgpu.emulator.ecs import security_groups
from ackgpu.emulator.ecs.product import PRODUCT

__all__ = ["PRODUCT", "security_groups"]
