"""What Quota Center counts of instances: vGPU instances, whole GPUs, vCPUs of the others."""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.ecs import billing_state
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

    ``paying``: PostPaid, PrePaid or Spot.
    """
    if catalog.is_vgpu(row):
        _check_vgpu_quota(call, region, paying, at=at)
    elif _family(row):
        _check_gpu_quota(call, row, region, paying, at=at)
    elif paying == "PostPaid":
        _check_vcpu_quota(call, row, region, at=at)


def _check_vgpu_quota(call: Call, region: str, charge_type: str, *, at: float) -> None:
    """Refuse where the region's vGPU instances of that way of paying are used up.

    The quota counts instances of the vgn and sgn families, not vCPUs (Quota Center, ecs-spec).
    """
    name = VGPU_QUOTAS[charge_type]
    if call.docs.count(KIND, at=at, region=region) < limits.limit(call, name, region):
        return
    limits.refuse_over(call, name, vgpu_instances(call, region, charge_type, at=at), region=region)


def _family(row: dict[str, Any]) -> str:
    """The family, such as ``gn6i``, if its cards have a quota of their own; else empty."""
    family = str(row["family"]).removeprefix("ecs.")
    return family if family in limits.WHOLE_GPUS else ""


def _check_gpu_quota(
    call: Call, row: dict[str, Any], region: str, charge_type: str, *, at: float
) -> None:
    """Refuse where the region's cards of the family, by that way of paying, are used up."""
    family = _family(row)
    limits.refuse_over(
        call,
        f"gpus_{family}_{limits.PAYING[charge_type]}",
        gpu_cards(call, region, family, charge_type, at=at),
        row["gpu_amount"],
        region=region,
    )


def gpu_cards(
    call: Call, region: str, family: str, charge_type: str, *, at: float | None = None
) -> int:
    """The cards of the region's instances of a family of whole GPUs, by way of paying."""
    count = 0
    for doc in call.docs.find(KIND, at=call.now if at is None else at, region=region):
        row = catalog.instance_type(doc.body["InstanceType"])
        is_of = row is not None and _family(row) == family
        if row is not None and is_of and _paying(call, doc) == charge_type:
            count += row["gpu_amount"]
    return count


def _paying(call: Call, doc: Doc) -> str:
    """PostPaid, PrePaid, or Spot."""
    return "Spot" if doc.body["SpotStrategy"] != "NoSpot" else billing_state.charge_type(call, doc)


def _check_vcpu_quota(call: Call, row: dict[str, Any], region: str, *, at: float) -> None:
    """Refuse where the region's pay-as-you-go vCPUs are used up; a GPU quota is one of its own."""
    limits.refuse_over(
        call, "postpaid_vcpus", used_vcpus(call, region, at=at), row["cpu"], region=region
    )


def used_vcpus(call: Call, region: str, *, spot: bool = False, at: float | None = None) -> int:
    """The vCPUs of the region's pay-as-you-go (or spot) instances without a GPU quota."""
    count = 0
    for doc in call.docs.find(KIND, at=call.now if at is None else at, region=region):
        row = catalog.instance_type(doc.body["InstanceType"])
        is_spot = doc.body["SpotStrategy"] != "NoSpot"
        paid_by_use = billing_state.charge_type(call, doc) == "PostPaid" and is_spot == spot
        of_gpus = row is not None and (catalog.is_vgpu(row) or _family(row))
        if row is not None and paid_by_use and not of_gpus:
            count += row["cpu"]
    return count


def vgpu_instances(call: Call, region: str, charge_type: str, *, at: float | None = None) -> int:
    """How many vGPU instances of that way of paying (PostPaid, PrePaid, Spot) there are."""
    count = 0
    for doc in call.docs.find(KIND, at=call.now if at is None else at, region=region):
        row = catalog.instance_type(doc.body["InstanceType"])
        count += row is not None and catalog.is_vgpu(row) and _paying(call, doc) == charge_type
    return count
