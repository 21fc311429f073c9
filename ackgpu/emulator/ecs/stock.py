"""What a zone has of a type, with what a scenario takes away.

Besides the catalogue and its overrides a fault may empty a zone::

    {"kind": "stock_out", "zone": "cn-hangzhou-k", "instance_type": "ecs.vgn5i-m2.xlarge",
     "after": 3, "announced": false}

``zone`` and ``instance_type`` narrow it. ``after`` is how many instances of the type the zone can
hold (0 where it is left out). ``announced: false`` keeps DescribeAvailableResource saying that
there is stock, as happens when somebody else was faster.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ackgpu.emulator.operation import Call
from ackgpu.emulator.shared import catalog


def left(call: Call, zone: str, type_id: str) -> str | None:
    """The status category that an instance is granted or refused by; None where it is not sold."""
    return _status(call, zone, type_id, announced=False)


def shown(call: Call, zone: str, type_id: str) -> str | None:
    """The status category that DescribeAvailableResource tells."""
    return _status(call, zone, type_id, announced=True)


def _status(call: Call, zone: str, type_id: str, *, announced: bool) -> str | None:
    status = catalog.stock(zone, type_id, call.settings)
    if status not in catalog.SOLD:
        return status
    for fault in _faults(call, zone, type_id):
        told = not announced or fault.get("announced", True)
        if told and _used(call, zone, type_id) >= int(fault.get("after", 0)):
            return "WithoutStock"
    return status


def _faults(call: Call, zone: str, type_id: str) -> Iterator[Mapping[str, Any]]:
    for fault in call.settings.get("faults", ()):
        here = fault.get("zone", zone) == zone and fault.get("instance_type", type_id) == type_id
        if fault.get("kind") == "stock_out" and here:
            yield fault


def _used(call: Call, zone: str, type_id: str) -> int:
    """How many instances of the type the zone holds or is about to."""
    docs = call.docs.find("instance", region=catalog.region_of(zone))
    return sum(
        doc.body["InstanceType"] == type_id
        and doc.body["ZoneId"] == zone
        and (doc.deleted_at is None or doc.deleted_at > call.now)
        for doc in docs
    )
