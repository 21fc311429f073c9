"""Importing this package registers every operation of Resource Access Management."""

from __future__ import annotations

from ackgpu.emulator.ram import attachments, policies, policy_versions, roles, users
from ackgpu.emulator.ram.product import PRODUCT

__all__ = ["PRODUCT", "attachments", "policies", "policy_versions", "roles", "users"]
