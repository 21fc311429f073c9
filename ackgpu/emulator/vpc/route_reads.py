"""Reading route entries: DescribeRouteEntryList and the older DescribeRouteTables."""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.account import RESOURCE_GROUP
from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call, page_of, token_page
from ackgpu.emulator.shared.cursor import Place, birth
from ackgpu.emulator.shared.fields import stamp
from ackgpu.emulator.store import Doc
from ackgpu.emulator.vpc import PRODUCT
from ackgpu.emulator.vpc.route_entries import system_routes
from ackgpu.emulator.vpc.route_tables import vswitches_of

PAGE = 100
MAX_RESULTS = 500


@PRODUCT.operation("DescribeRouteEntryList")
def describe_route_entry_list(call: Call) -> dict[str, Any]:
    """DescribeRouteEntryList: pages by NextToken and MaxResult (singular)."""
    table = call.alive("routetable", call.params.required("RouteTableId"))
    if table is None:
        raise ApiError("InvalidRouteTable.NotFound", "The specified RouteTable is not found.")
    entries = [row for row in entries_of(call, table) if _wanted(call, row)]
    page, token = token_page(
        call, entries, default=PAGE, most=MAX_RESULTS, size_key="MaxResult", place=_place
    )
    rows = [_list_row(call, doc, kind) for doc, kind in page]
    return {"RouteEntrys": {"RouteEntry": rows}, "NextToken": token, "TotalCount": len(entries)}


def entries_of(call: Call, table: Doc) -> list[tuple[Doc, str]]:
    """Every entry of the table with its type, System or Custom."""
    custom = call.docs.find("route", at=call.now, scope=table.id)
    system = sorted(system_routes(call, table), key=birth)
    return [(doc, "Custom") for doc in custom] + [(doc, "System") for doc in system]


def _place(entry: tuple[Doc, str]) -> Place:
    """Custom ones first, then the system's, each in the order of their birth."""
    doc, kind = entry
    return (kind, *birth(doc))


def _wanted(call: Call, entry: tuple[Doc, str]) -> bool:
    doc, kind = entry
    params, body = call.params, doc.body
    blocks = params.listed("DestCidrBlockList")
    cidr = body["DestinationCidrBlock"]
    return (
        params.fit(
            RouteEntryId=doc.id,
            RouteEntryType=kind,
            RouteEntryName=doc.name,
            DestinationCidrBlock=cidr,
            NextHopId=body["NextHopId"],
            NextHopType=body["NextHopType"],
        )
        and params.text("IpVersion", "ipv4").lower() == "ipv4"
        and (not blocks or cidr in blocks)
    )


def _list_row(call: Call, doc: Doc, kind: str) -> dict[str, Any]:
    related = {"InstanceId": "", "InstanceType": "", "RegionId": ""}
    hop = _hop(doc) | {"NextHopRegionId": doc.region, "NextHopRelatedInfo": related}
    return _row(call, doc, kind) | {
        "IpVersion": "IPv4",
        "GmtModified": stamp(call, doc.created_at),
        "ServiceType": "",
        "Origin": "",
        "NextHops": {"NextHop": [hop]},
    }


def _row(call: Call, doc: Doc, kind: str) -> dict[str, Any]:
    """What both operations show of an entry."""
    return {
        "RouteEntryId": doc.id,
        "RouteEntryName": doc.name,
        "RouteTableId": doc.scope,
        "DestinationCidrBlock": doc.body["DestinationCidrBlock"],
        "Description": doc.body["Description"],
        "Type": kind,
        "Status": call.state(doc),
    }


def _hop(doc: Doc) -> dict[str, Any]:
    return {
        "NextHopId": doc.body["NextHopId"],
        "NextHopType": doc.body["NextHopType"],
        "Weight": 0,
        "Enabled": 1,
    }


@PRODUCT.operation("DescribeRouteTables")
def describe_route_tables(call: Call) -> dict[str, Any]:
    """DescribeRouteTables: tables with all of their entries in one answer."""
    params = call.params
    docs = [
        doc
        for doc in call.all("routetable", ids=params.one("RouteTableId"))
        if params.fit(
            VRouterId=doc.body["VRouterId"], RouterId=doc.body["VRouterId"], RouteTableName=doc.name
        )
    ]
    page, numbers = page_of(call, docs)
    return {"RouteTables": {"RouteTable": [_table_row(call, doc) for doc in page]}} | numbers


def _table_row(call: Call, doc: Doc) -> dict[str, Any]:
    entries = [_table_entry(call, entry, kind) for entry, kind in entries_of(call, doc)]
    return {
        "RouteTableId": doc.id,
        "RouteTableType": doc.body["RouteTableType"],
        "VRouterId": doc.body["VRouterId"],
        "Status": call.state(doc),
        "CreationTime": stamp(call, doc.created_at),
        "ResourceGroupId": RESOURCE_GROUP,
        "RouteEntrys": {"RouteEntry": entries},
        "VSwitchIds": {"VSwitchId": vswitches_of(call, doc)},
    }


def _table_entry(call: Call, doc: Doc, kind: str) -> dict[str, Any]:
    return _row(call, doc, kind) | {
        "NextHopType": doc.body["NextHopType"],
        "InstanceId": doc.body["NextHopId"],
        "NextHops": {"NextHop": [_hop(doc)]},
    }
