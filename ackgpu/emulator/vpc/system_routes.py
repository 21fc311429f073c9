"""The entries that the system keeps in every route table of a VPC: derived, never stored.

One leads to each vSwitch's CIDR block, and one for 100.64.0.0/10 to the cloud's own services
(UNCONFIRMED for the latter: it is in no reference page, but in every real table).
"""

from __future__ import annotations

from ackgpu.emulator.operation import Call
from ackgpu.emulator.store import Doc

SERVICES = "100.64.0.0/10"


def system_routes(call: Call, table: Doc) -> list[Doc]:
    """The table's system entries as documents of kind ``route`` that are in no store."""
    rows = [_entry(table, SERVICES, "services000000", table.created_at)]
    rows += [
        _entry(table, vswitch.body["CidrBlock"], vswitch.id[-14:], vswitch.created_at)
        for vswitch in call.docs.find("vswitch", at=call.now, scope=table.scope)
    ]
    return rows


def _entry(table: Doc, cidr: str, part: str, born: float) -> Doc:
    body = {
        "DestinationCidrBlock": cidr,
        "NextHopId": "",
        "NextHopType": "local",
        "Description": "Created with VSwitch by system.",
        "phases": [[born, "Available"]],
    }
    entry_id = f"rte-{table.id[-6:]}{part}"
    return Doc("route", entry_id, table.region, table.id, "", born, None, body)
