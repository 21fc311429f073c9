"""DescribeAccountAttributes: the account's limits in a region, and some of its use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ackgpu.emulator.ecs import PRODUCT
from ackgpu.emulator.ecs.instance_quotas import used_vcpus
from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call
from ackgpu.emulator.shared import catalog, limits

MAX_NAMED = 8


def _used_disk_gib(call: Call) -> int:
    disks = call.all("disk")
    return sum(int(d.body["Size"]) for d in disks if d.body["DiskChargeType"] == "PostPaid")


def _limit(name: str) -> Callable[[Call], str]:
    return lambda call: str(limits.limit(call, name, call.region))


ATTRIBUTES: dict[str, Callable[[Call], str]] = {
    "max-security-groups": _limit("security_groups"),
    "max-elastic-network-interfaces": _limit("enis"),
    "max-postpaid-instance-vcpu-count": _limit("postpaid_vcpus"),
    "used-postpaid-instance-vcpu-count": lambda call: str(used_vcpus(call, call.region)),
    "max-spot-instance-vcpu-count": _limit("postpaid_vcpus"),
    "used-spot-instance-vcpu-count": lambda call: str(used_vcpus(call, call.region, spot=True)),
    "max-postpaid-yundisk-capacity": _limit("postpaid_disk_gib"),
    "used-postpaid-yundisk-capacity": lambda call: str(_used_disk_gib(call)),
    "max-dedicated-hosts": lambda _call: "2",
    "instance-network-type": lambda _call: "vpc",
    "real-name-authentication": lambda _call: "yes",
}
"""Every value is text in the answer, also the numbers."""
LISTED = "supported-postpaid-instance-types"


@PRODUCT.operation("DescribeAccountAttributes")
def describe_account_attributes(call: Call) -> dict[str, Any]:
    """DescribeAccountAttributes: those named, or all of them."""
    call.params.required("RegionId")
    names = call.params.listed("AttributeName") or [*ATTRIBUTES, LISTED]
    known = {*ATTRIBUTES, LISTED}
    if not known.issuperset(names) or (len(names) > MAX_NAMED and len(names) < len(known)):
        raise ApiError("Invalid.Parameter", "AttributeName is not valid.", 403)
    rows = [
        {"AttributeName": name, "AttributeValues": {"ValueItem": _values(call, name)}}
        for name in names
    ]
    return {"AccountAttributeItems": {"AccountAttributeItem": rows}}


def _values(call: Call, name: str) -> list[dict[str, Any]]:
    texts = [ATTRIBUTES[name](call)] if name != LISTED else _types_sold(call)
    zone = call.params.text("ZoneId")
    blank = {"DiskCategory": "", "ExpiredTime": "", "InstanceChargeType": "", "InstanceType": ""}
    return [blank | {"Value": text, "Count": 0, "ZoneId": zone} for text in texts]


def _types_sold(call: Call) -> list[str]:
    zones = catalog.zones(call.region)
    return [
        row["id"]
        for row in catalog.instance_types()
        if any(catalog.stock(zone, row["id"], call.settings) for zone in zones)
    ]
