"""IPv4 addresses: the private ones of a vSwitch and the public ones of the account.

An address is in use for as long as its owner (an instance, ENI, NAT gateway or load balancer)
exists, so nobody has to give one back. Public addresses come from 198.18.0.0/15, which RFC 2544
keeps for benchmarks: no client of an emulated cluster can reach a stranger's machine.
"""

from __future__ import annotations

from ipaddress import IPv4Network

from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call
from ackgpu.emulator.store import Doc

RESERVED = 4
"""A vSwitch's first address and its last three belong to the system (VPC API, CreateVSwitch)."""

PUBLIC = IPv4Network("198.18.0.0/15")

OWNER_KINDS = {
    "i": "instance",
    "eni": "eni",
    "ngw": "natgateway",
    "lb": "loadbalancer",
    "nlb": "nlb",
    "alb": "alb",
    "eip": "eip",
}


def take_address(call: Call, vswitch: Doc, owner: str, at: float | None = None) -> str:
    """The vSwitch's next free address, held by the resource with the id ``owner`` from ``at``.

    Raises OperationFailed.VSwitchNoAvailableIp where there is none.
    """
    start = call.now if at is None else at
    network = IPv4Network(vswitch.body["CidrBlock"])
    usable = network.num_addresses - RESERVED
    first = int(vswitch.body.get("next_address", 0))
    for step in range(usable):
        index = (first + step) % usable
        address = str(network[1 + index])
        if not _held(call, f"{vswitch.id}/{address}", start):
            _hold(call, vswitch.id, address, (owner, start))
            vswitch.body["next_address"] = index + 1
            call.docs.put(vswitch)
            return address
    raise ApiError(
        "OperationFailed.VSwitchNoAvailableIp",
        "Operation failed because the specified vswitch does not have availabe ip.",
    )


def take_public_address(call: Call, owner: str, at: float) -> str:
    """A public address that no living resource holds, for the resource ``owner`` from ``at``."""
    while True:
        address = str(PUBLIC[call.rng.randrange(1, PUBLIC.num_addresses - 1)])
        if not _held(call, f"public/{address}", at):
            _hold(call, "public", address, (owner, at))
            return address


def free_addresses(call: Call, vswitch: Doc) -> int:
    """How many addresses the vSwitch has left now."""
    size = IPv4Network(vswitch.body["CidrBlock"]).num_addresses - RESERVED
    return size - len(address_owners(call, vswitch.id))


def address_owners(call: Call, vswitch_id: str) -> list[str]:
    """The ids of what holds an address of the vSwitch now, one for each address."""
    owners = [doc.name for doc in call.docs.find("address", at=call.now, scope=vswitch_id)]
    ends: dict[str, float | None] = {}
    for kind in set(OWNER_KINDS.values()):
        ends |= call.docs.ends(kind, [owner for owner in owners if _kind(owner) == kind])
    gone = {owner for owner, end in ends.items() if end is not None and end <= call.now}
    return [owner for owner in owners if owner not in gone]


def _hold(call: Call, scope: str, address: str, holder: tuple[str, float]) -> None:
    owner, start = holder
    call.docs.put(Doc("address", f"{scope}/{address}", scope=scope, name=owner, created_at=start))


def _held(call: Call, address_id: str, at: float) -> bool:
    doc = call.docs.get("address", address_id)
    return doc is not None and not _owner_gone(call, doc.name, at)


def _kind(owner: str) -> str | None:
    return OWNER_KINDS.get(owner.partition("-")[0])


def _owner_gone(call: Call, owner: str, at: float) -> bool:
    kind = _kind(owner)
    doc = call.docs.get(kind, owner) if kind else None
    return doc is not None and doc.deleted_at is not None and doc.deleted_at <= at
