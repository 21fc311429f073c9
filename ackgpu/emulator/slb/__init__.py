"""The SLB product: importing the package registers its operations."""

from __future__ import annotations

from ackgpu.emulator.slb import (
    balancer_changes,
    balancer_reads,
    listener_changes,
    listener_reads,
    places,
    servers,
    tags,
)
from ackgpu.emulator.slb.product import PRODUCT

__all__ = [
    "PRODUCT",
    "balancer_changes",
    "balancer_reads",
    "listener_changes",
    "listener_reads",
    "places",
    "servers",
    "tags",
]
