"""Network load balancers: what both kinds of zonal balancers have, one by its id, protection."""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.nlb import PRODUCT
from ackgpu.emulator.operation import Call
from ackgpu.emulator.shared.zonal_balancers import ZonalBalancers

BALANCERS = ZonalBalancers("nlb", made_as="LoadbalancerId")
BALANCERS.serve(PRODUCT)


@PRODUCT.operation("GetLoadBalancerAttribute")
def get_load_balancer_attribute(call: Call) -> dict[str, Any]:
    """GetLoadBalancerAttribute: what the list shows of it; ResourceNotFound.loadBalancer."""
    doc = BALANCERS.living(call, call.params.required("LoadBalancerId"))
    return {**BALANCERS.row(call, doc), "RegionId": doc.region}


@PRODUCT.operation("UpdateLoadBalancerProtection", writes=True)
def update_load_balancer_protection(call: Call) -> None:
    """UpdateLoadBalancerProtection: only the deletion protection is modelled."""
    on = call.params.boolean("DeletionProtectionEnabled")
    BALANCERS.protect(call, call.params.required("LoadBalancerId"), on=on)
