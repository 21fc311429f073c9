"""What Quota Center counts of instances; DescribeAccountAttributes: limits, some of their use."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ackgpu.emulator.ecs import PRODUCT, billing_methods
from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call
from ackgpu.emulator.shared import catalog, limits
from ackgpu.emulator.store import Doc

KIND = "instance"
VGPU_QUOTAS = {
    "PostPaid": "vgpu_instances",
    "PrePaid": "vgpu_prepaid_instances",
    "Spot": "vgpu_spot_instances",
}


def check_quota(call: Call, row: dict[str, Any], region: str, paying: str, *, at: float) -> None:
    """Refuse one more of the type where the quota that counts it is used up.

    vGPU instances (vgn, sgn) are counted as instances, whole GPUs as cards by their family, and the
    others as vCPUs, of what is paid by use only (Quota Center, ecs-spec). ``paying``: PostPaid,
    PrePaid or Spot.
    """
    family = _family(row)
    if catalog.is_vgpu(row):
        name, adding = VGPU_QUOTAS[paying], 1
        if call.docs.count(KIND, at=at, region=region) < limits.limit(call, name, region):
            return
        used = vgpu_instances(call, region, paying, at=at)
    elif family:
        name, adding = f"gpus_{family}_{limits.PAYING[paying]}", row["gpu_amount"]
        used = gpu_cards(call, region, family, paying, at=at)
    elif paying == "PostPaid":
        name, adding = "postpaid_vcpus", row["cpu"]
        used = used_vcpus(call, region, at=at)
    else:
        return
    limits.refuse_over(call, name, used, adding, region=region)


def _family(row: dict[str, Any]) -> str:
    """The family, such as ``gn6i``, if its cards have a quota of their own; else empty."""
    family = str(row["family"]).removeprefix("ecs.")
    return family if family in limits.WHOLE_GPUS else ""


def _typed(call: Call, region: str, at: float | None) -> Iterator[tuple[Doc, dict[str, Any]]]:
    """The region's instances, each with the row of its type."""
    for doc in call.docs.find(KIND, at=call.now if at is None else at, region=region):
        row = catalog.instance_type(doc.body["InstanceType"])
        if row is not None:
            yield doc, row


def gpu_cards(
    call: Call, region: str, family: str, charge_type: str, *, at: float | None = None
) -> int:
    """The cards of the region's instances of a family of whole GPUs, by way of paying."""
    return sum(
        row["gpu_amount"]
        for doc, row in _typed(call, region, at)
        if _family(row) == family and _paying(call, doc) == charge_type
    )


def _paying(call: Call, doc: Doc) -> str:
    """PostPaid, PrePaid, or Spot."""
    return (
        "Spot" if doc.body["SpotStrategy"] != "NoSpot" else billing_methods.charge_type(call, doc)
    )


def used_vcpus(call: Call, region: str, *, spot: bool = False, at: float | None = None) -> int:
    """The vCPUs of the region's pay-as-you-go (or spot) instances without a GPU quota."""
    count = 0
    for doc, row in _typed(call, region, at):
        is_spot = doc.body["SpotStrategy"] != "NoSpot"
        paid_by_use = billing_methods.charge_type(call, doc) == "PostPaid" and is_spot == spot
        if paid_by_use and not catalog.is_vgpu(row) and not _family(row):
            count += row["cpu"]
    return count


def vgpu_instances(call: Call, region: str, charge_type: str, *, at: float | None = None) -> int:
    """How many vGPU instances of that way of paying (PostPaid, PrePaid, Spot) there are."""
    rows = _typed(call, region, at)
    return sum(catalog.is_vgpu(row) and _paying(call, doc) == charge_type for doc, row in rows)


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
