"""Application load balancers: what both kinds of zonal balancers have, and their protection."""

from __future__ import annotations

from ackgpu.emulator.alb import PRODUCT
from ackgpu.emulator.operation import Call
from ackgpu.emulator.shared.zonal_balancers import ZonalBalancers

BALANCERS = ZonalBalancers("alb")
BALANCERS.serve(PRODUCT)


@PRODUCT.operation("DisableDeletionProtection", writes=True)
def disable_deletion_protection(call: Call) -> None:
    """DisableDeletionProtection."""
    BALANCERS.protect(call, call.params.required("ResourceId"), on=False)


@PRODUCT.operation("EnableDeletionProtection", writes=True)
def enable_deletion_protection(call: Call) -> None:
    """EnableDeletionProtection."""
    BALANCERS.protect(call, call.params.required("ResourceId"), on=True)
