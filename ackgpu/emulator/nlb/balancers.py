"""One network load balancer, read by its id."""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.nlb.product import BALANCERS, PRODUCT
from ackgpu.emulator.operation import Call


@PRODUCT.operation("GetLoadBalancerAttribute")
def get_load_balancer_attribute(call: Call) -> dict[str, Any]:
    """GetLoadBalancerAttribute: what the list shows of it; ResourceNotFound.loadBalancer."""
    doc = BALANCERS.living(call, call.params.required("LoadBalancerId"))
    return {**BALANCERS.row(call, doc), "RegionId": doc.region}
