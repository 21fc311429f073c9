"""Classic load balancers (CLB).

What ACK makes carries the tags ``kubernetes.do.not.delete`` and ``ack.aliyun.com=<cluster id>``
(names UNCONFIRMED), and is born with both protections on, so that DeleteLoadBalancer refuses.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call
from ackgpu.emulator.shared.lifecycle import Lifecycle
from ackgpu.emulator.shared.limits import counted_in, refuse_over
from ackgpu.emulator.slb.listeners import make_listener
from ackgpu.emulator.store import Doc
from ackgpu.emulator.vpc.addresses import take_address, take_public_address
from ackgpu.emulator.vpc.lifetimes import lasting

LIFECYCLE = Lifecycle("load balancer", {"active": "inactive", "inactive": "active"})

DO_NOT_DELETE = "kubernetes.do.not.delete"
PROTECTED = {"DeleteProtection": "on", "ModificationProtectionStatus": "ConsoleProtection"}
DEFAULTS: dict[str, Any] = {
    "AddressIPVersion": "ipv4",
    "InternetChargeType": "paybytraffic",
    "InstanceChargeType": "PayBySpec",
    "Bandwidth": -1,
    "DeleteProtection": "off",
    "ModificationProtectionStatus": "NonProtection",
    "ModificationProtectionReason": "",
}
"""What a balancer has where it was not told otherwise (CreateLoadBalancer)."""


def make_load_balancer(  # noqa: PLR0913 -- keyword-only, the agreed face between products
    call: Call,
    *,
    region: str,
    name: str,
    address_type: str,
    vpc_id: str,
    vswitch_id: str,
    tags: Mapping[str, str],
    ports: Iterable[int],
    at: float | None = None,
    spec: str = "slb.s2.small",
) -> Doc:
    """A pay-as-you-go CLB, active from ``at``, with a running TCP listener on each port.

    ``address_type``: internet or intranet; an intranet one takes its address from the vSwitch.
    Raises OperationForbidden.QuotaLimit, InvalidVSwitchId.NotFound.
    """
    start = call.now if at is None else at
    counted = counted_in(call, "balancers", region)
    refuse_over(
        call,
        "balancers",
        call.docs.count_lasting("loadbalancer", at=start, region=counted or None),
        region=counted,
    )
    doc = Doc("loadbalancer", call.new_id("lb-bp1", 19), region, vpc_id, name, start)
    vswitch = call.docs.get("vswitch", vswitch_id) if vswitch_id else None
    doc.body = DEFAULTS | {
        "Address": _address(call, doc, address_type, vswitch),
        "AddressType": address_type,
        "VSwitchId": vswitch_id,
        "ZoneId": vswitch.body["ZoneId"] if vswitch else "",
        "LoadBalancerSpec": spec,
        "BackendServers": [],
        "Tags": dict(tags),
        "phases": LIFECYCLE.course(start, (0, "active")),
    }
    if DO_NOT_DELETE in tags:
        doc.body |= PROTECTED
    call.docs.put(doc)
    for port in ports:
        make_listener(call, doc, port, start, {"Status": "running"})
    return doc


def _address(call: Call, doc: Doc, address_type: str, vswitch: Doc | None) -> str:
    """A public address, or one of the vSwitch; refuses with InvalidVSwitchId.NotFound."""
    if address_type == "internet":
        return take_public_address(call, doc.id, doc.created_at)
    if vswitch is None:
        raise ApiError("InvalidVSwitchId.NotFound", "The specified vSwitch instance is invalid.")
    return take_address(call, vswitch, doc.id, doc.created_at)


def remove_load_balancer(call: Call, doc: Doc, at: float | None = None) -> None:
    """Let it go at ``at`` with its listeners and server groups, protected or not."""
    gone = max(call.now if at is None else at, doc.created_at)
    for kind in ("listener", "vservergroup"):
        for child in lasting(call, kind, gone, scope=doc.id):
            child.deleted_at = max(gone, child.created_at)
            call.docs.put(child)
    doc.deleted_at = gone
    call.docs.put(doc)
