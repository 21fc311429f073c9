"""Application Load Balancer: alb.<region>.aliyuncs.com, version 2020-06-16."""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.operation import Call, Product
from ackgpu.emulator.shared.zonal_balancers import ZonalBalancers

PRODUCT = Product(code="alb", version="2020-06-16", ram_prefix="alb")
BALANCERS = ZonalBalancers("alb")
BALANCERS.serve(PRODUCT)


@PRODUCT.operation("DisableDeletionProtection", writes=True)
def disable_deletion_protection(call: Call) -> dict[str, Any]:
    """DisableDeletionProtection."""
    return BALANCERS.protect(call, call.params.required("ResourceId"), on=False)


@PRODUCT.operation("EnableDeletionProtection", writes=True)
def enable_deletion_protection(call: Call) -> dict[str, Any]:
    """EnableDeletionProtection."""
    return BALANCERS.protect(call, call.params.required("ResourceId"), on=True)
