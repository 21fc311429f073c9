"""DescribeInstanceTypes and DescribeInstanceTypeFamilies.

The list is the same in every region and holds retired types and types that the region does not
sell, as the real one does: stock is DescribeAvailableResource's business.
"""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.ecs import PRODUCT
from ackgpu.emulator.errors import ApiError, invalid
from ackgpu.emulator.operation import Call
from ackgpu.emulator.shared import catalog

MAX_RESULTS = 100
"""The largest page since 2023-11-15; a larger MaxResults is cut down to it."""
MAX_NAMED = 10
LISTS = {"InstanceTypes": "id", "InstanceTypeFamilies": "family", "GpuSpecs": "gpu_spec"}
BOUNDS = {
    "CpuCoreCount": "cpu",
    "MemorySize": "memory",
    "GPUAmount": "gpu_amount",
    "EniQuantity": "eni",
    "EniPrivateIpAddressQuantity": "ips_per_eni",
}
"""``Minimum…`` and, for some, ``Maximum…`` parameters, and what they bound."""


@PRODUCT.operation("DescribeInstanceTypes")
def describe_instance_types(call: Call) -> dict[str, Any]:
    """DescribeInstanceTypes, paged by NextToken and MaxResults."""
    rows = [
        row
        for row in catalog.instance_types()
        if _named(call, row) and _bounded(call, row) and _worded(call, row)
    ]
    size = min(call.params.integer("MaxResults", MAX_RESULTS, low=1, high=1600), MAX_RESULTS)
    token = call.params.text("NextToken", "0")
    if not token.isdecimal():
        raise ApiError("InvalidParameter.NextToken", "The specified NextToken is invalid.")
    start = int(token)
    page = [_row(row) for row in rows[start : start + size]]
    following = str(start + size) if start + size < len(rows) else ""
    return {"InstanceTypes": {"InstanceType": page}, "NextToken": following}


def _named(call: Call, row: dict[str, Any]) -> bool:
    """Whether the type is among the names requested, where any are."""
    for name, field in LISTS.items():
        wanted = call.params.listed(name)
        if len(wanted) > MAX_NAMED:
            raise invalid(name, "At most ten values are allowed.")
        if wanted and row[field] not in wanted:
            return False
    return True


def _bounded(call: Call, row: dict[str, Any]) -> bool:
    return all(
        _number(call, f"Minimum{name}", row[field])
        <= row[field]
        <= _number(call, f"Maximum{name}", row[field])
        for name, field in BOUNDS.items()
    )


def _number(call: Call, name: str, default: float) -> float:
    text = call.params.text(name)
    try:
        return float(text) if text else default
    except ValueError:
        raise invalid(name) from None


def _worded(call: Call, row: dict[str, Any]) -> bool:
    params = call.params
    return (
        params.fit(InstanceTypeFamily=row["family"], InstanceCategory=row["category"])
        and params.text("GPUSpec") in row["gpu_spec"]
        and params.text("CpuArchitecture", "X86") == "X86"
    )


def _row(row: dict[str, Any]) -> dict[str, Any]:
    """The type as it is shown. GPUAmount is 1 for a slice; GPUMemorySize is the slice's."""
    bandwidth = int(row["bandwidth_gbps"] * 1024000)
    packets = int(row["bandwidth_gbps"] * 150000)
    queues = min(max(row["cpu"] // 2, 1), 8)
    return {
        "InstanceTypeId": row["id"],
        "InstanceTypeFamily": row["family"],
        "InstanceFamilyLevel": "EnterpriseLevel",
        "InstanceCategory": row["category"],
        "CpuCoreCount": row["cpu"],
        "MemorySize": row["memory"],
        "GPUAmount": row["gpu_amount"],
        "GPUSpec": row["gpu_spec"],
        "GPUMemorySize": row["gpu_memory"],
        "EniQuantity": row["eni"],
        "EniTotalQuantity": row["eni"],
        "EniPrivateIpAddressQuantity": row["ips_per_eni"],
        "EniIpv6AddressQuantity": 1,
        "EniTrunkSupported": False,
        "EriQuantity": 0,
        "PrimaryEniQueueNumber": queues,
        "SecondaryEniQueueNumber": queues,
        "MaximumQueueNumberPerEni": queues,
        "TotalEniQueueQuantity": queues * row["eni"],
        "QueuePairNumber": 0,
        "InstanceBandwidthRx": bandwidth,
        "InstanceBandwidthTx": bandwidth,
        "InstancePpsRx": packets,
        "InstancePpsTx": packets,
        "NetworkCardQuantity": 1,
        "NetworkCards": {"NetworkCardInfo": [{"NetworkCardIndex": 0}]},
        "NetworkEncryptionSupport": False,
        "DiskQuantity": 17,
        "LocalStorageAmount": 0,
        "LocalStorageCapacity": 0,
        "LocalStorageCategory": "",
        "NvmeSupport": "unsupported",
        "InitialCredit": 0,
        "BaselineCredit": 0,
        "CpuArchitecture": "X86",
        "CpuSpeedFrequency": 2.5,
        "CpuTurboFrequency": 3.1,
        "PhysicalProcessorModel": row["processor"],
        "SupportedBootModes": {"SupportedBootMode": ["BIOS"]},
    }


@PRODUCT.operation("DescribeInstanceTypeFamilies")
def describe_instance_type_families(call: Call) -> dict[str, Any]:
    """DescribeInstanceTypeFamilies, of one generation where Generation names it."""
    generation = call.params.text("Generation")
    families = {row["family"]: row["generation"] for row in catalog.instance_types()}
    rows = [
        {"InstanceTypeFamilyId": family, "Generation": own}
        for family, own in sorted(families.items())
        if not generation or own == generation
    ]
    return {"InstanceTypeFamilies": {"InstanceTypeFamily": rows}}
