"""The host of a product in a region, for clients of the generation before.

The old Python SDK, the Go SDK, and Terraform's provider for what it has no host of ask for it. They
then go to that host, which is the emulator only through a proxy.
"""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.location import PRODUCT
from ackgpu.emulator.operation import Call
from ackgpu.emulator.shared import catalog
from ackgpu.emulator.slb.places import balancer_host

REGIONAL = frozenset({"alb", "cs", "ecs", "nlb", "sts", "vpc"})
SCALING = frozenset(
    {"cn-beijing", "cn-hangzhou", "cn-nanjing", "cn-qingdao", "cn-shanghai", "cn-shenzhen"}
)
"""The regions whose Auto Scaling is asked at the host without a region (portal, 2025)."""
CENTRAL = {
    "ram": "ram.aliyuncs.com",
    "quotas": "quotas.aliyuncs.com",
    "bssopenapi": "business.aliyuncs.com",
}


@PRODUCT.operation("DescribeEndpoints")
def describe_endpoints(call: Call) -> dict[str, Any]:
    """DescribeEndpoints: none of a product that is not emulated, or for another kind of door."""
    region, code = call.params.required("Id"), call.params.required("ServiceCode").lower()
    if region not in {row["id"] for row in catalog.regions(call.settings)}:
        raise ApiError("InvalidRegionId", "The specified region does not exist.", 404)
    kind = call.params.text("Type", "openAPI")
    host = _host(code, region) if kind == "openAPI" else ""
    row = {
        "Endpoint": host,
        "Id": region,
        "Namespace": "",
        "Protocols": {"Protocols": ["HTTP", "HTTPS"]},
        "SerivceCode": code,  # sic
        "Type": kind,
    }
    return {"Endpoints": {"Endpoint": [row] if host else []}, "Success": True}


def _host(code: str, region: str) -> str:
    if code == "slb":
        return balancer_host(region)
    if code == "ess" and region in SCALING:
        return "ess.aliyuncs.com"
    return f"{code}.{region}.aliyuncs.com" if code in REGIONAL | {"ess"} else CENTRAL.get(code, "")
