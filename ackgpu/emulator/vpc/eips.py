"""Elastic IP addresses."""

from __future__ import annotations

from collections.abc import Mapping

from ackgpu.emulator.operation import Call
from ackgpu.emulator.shared.lifecycle import Lifecycle
from ackgpu.emulator.shared.limits import counted_in, refuse_over
from ackgpu.emulator.store import Doc
from ackgpu.emulator.vpc import durations
from ackgpu.emulator.vpc.addresses import take_public_address
from ackgpu.emulator.vpc.lifetimes import retire, set_going

LIFECYCLE = Lifecycle(
    "EIP",
    {
        "Available": "Associating Releasing",
        "Associating": "InUse Unassociating",
        "InUse": "Unassociating Releasing",
        "Unassociating": "Available Releasing",
    },
)


def make_eip(  # noqa: PLR0913 -- keyword-only, the agreed face between products
    call: Call,
    *,
    region: str,
    name: str,
    bandwidth: int,
    tags: Mapping[str, str],
    at: float | None = None,
    bound_to: str = "",
    bound_type: str = "",
) -> Doc:
    """An EIP from ``at``, already InUse where it is bound to something; ``bandwidth`` in Mbit/s.

    Raises QuotaExceeded.Eip.
    """
    start = call.now if at is None else at
    counted = counted_in(call, "eips", region)
    refuse_over(
        call,
        "eips",
        call.docs.count_lasting("eip", at=start, region=counted or None),
        region=counted,
    )
    eip_id = call.new_id("eip-bp1", 19)
    doc = Doc(
        "eip",
        eip_id,
        region=region,
        scope=bound_to,
        name=name,
        created_at=start,
        body={
            "IpAddress": take_public_address(call, eip_id, start),
            "Bandwidth": str(bandwidth),
            "InternetChargeType": "PayByTraffic",
            "ChargeType": "PostPaid",
            "ISP": "BGP",
            "Netmode": "public",
            "Description": "",
            "DeletionProtection": False,
            "InstanceId": bound_to,
            "InstanceType": bound_type,
            "Tags": dict(tags),
            "phases": LIFECYCLE.course(start, (0, "InUse" if bound_to else "Available")),
        },
    )
    return set_going(call, doc)


def bind_eip(call: Call, doc: Doc, instance_id: str, instance_type: str) -> None:
    """Begin to bind an Available EIP."""
    doc.scope = instance_id
    doc.body |= {"InstanceId": instance_id, "InstanceType": instance_type}
    LIFECYCLE.enter(doc, call.now, (0, "Associating"), (durations.EIP_BINDING, "InUse"))
    set_going(call, doc)


def unbind_eip(call: Call, doc: Doc) -> None:
    """Begin to unbind an EIP; its scope is free at once, its state follows."""
    doc.scope = ""
    LIFECYCLE.enter(doc, call.now, (0, "Unassociating"), (durations.EIP_UNBINDING, "Available"))
    set_going(call, doc)


def remove_eip(call: Call, doc: Doc, at: float | None = None) -> None:
    """Release the EIP from ``at``, bound or not: what may be released is the caller's business."""
    start = call.now if at is None else at
    retire(call, doc, LIFECYCLE, start, ("Releasing", durations.EIP_RELEASING))
