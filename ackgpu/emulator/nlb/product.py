"""Network Load Balancer: nlb.<region>.aliyuncs.com, version 2022-04-30."""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.operation import Call, Product
from ackgpu.emulator.shared.zonal_balancers import ZonalBalancers

PRODUCT = Product(code="nlb", version="2022-04-30", ram_prefix="nlb")
BALANCERS = ZonalBalancers("nlb", made_as="LoadbalancerId")
BALANCERS.serve(PRODUCT)


@PRODUCT.operation("UpdateLoadBalancerProtection", writes=True)
def update_load_balancer_protection(call: Call) -> dict[str, Any]:
    """UpdateLoadBalancerProtection: only the deletion protection is modelled."""
    on = call.params.boolean("DeletionProtectionEnabled")
    return BALANCERS.protect(call, call.params.required("LoadBalancerId"), on=on)
