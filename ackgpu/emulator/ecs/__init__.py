"""Importing this package registers every operation of Elastic Compute Service."""

from __future__ import annotations

from ackgpu.emulator.ecs import (
    account_attributes,
    availability,
    disks,
    images,
    instance_changes,
    instance_reads,
    instance_types,
    interfaces,
    key_pairs,
    launching,
    prices,
    regions,
    security_groups,
    security_rules,
    tags,
)
from ackgpu.emulator.ecs.product import PRODUCT

__all__ = [
    "PRODUCT",
    "account_attributes",
    "availability",
    "disks",
    "images",
    "instance_changes",
    "instance_reads",
    "instance_types",
    "interfaces",
    "key_pairs",
    "launching",
    "prices",
    "regions",
    "security_groups",
    "security_rules",
    "tags",
]
