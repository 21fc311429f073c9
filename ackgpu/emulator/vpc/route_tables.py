"""Route tables: the system's, which comes with its VPC, and custom ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ackgpu.emulator.account import RESOURCE_GROUP
from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call, page_of
from ackgpu.emulator.shared.fields import (
    checked_description,
    checked_name,
    key_value_tags,
    stamp,
    tagged,
)
from ackgpu.emulator.shared.lifecycle import Lifecycle
from ackgpu.emulator.shared.limits import refuse_over
from ackgpu.emulator.store import Doc
from ackgpu.emulator.vpc import PRODUCT, durations
from ackgpu.emulator.vpc.lifetimes import lasting, retire, set_going
from ackgpu.emulator.vpc.tags import TAGGING

LIFECYCLE = Lifecycle(
    "route table",
    {
        "Pending": "Available Deleting",
        "Available": "Deleting",
    },
)


def make_route_table(
    call: Call, vpc: Doc, *, name: str, table_type: str, tags: Mapping[str, str]
) -> Doc:
    """A table of the VPC, Pending from now; ``table_type`` System or Custom."""
    doc = Doc("routetable", call.new_id("vtb-bp1", 18), vpc.region, vpc.id, name, call.now)
    doc.body = {
        "RouteTableType": table_type,
        "VRouterId": vpc.body["VRouterId"],
        "Description": "",
        "Tags": dict(tags),
        "phases": LIFECYCLE.course(
            call.now, (0, "Pending"), (durations.ROUTE_TABLE_CREATING, "Available")
        ),
    }
    return set_going(call, doc)


def remove_route_table(call: Call, doc: Doc, seconds: float) -> None:
    """Let the table go; it is Deleting for ``seconds``."""
    retire(call, doc, LIFECYCLE, call.now, ("Deleting", seconds))


def living_route_table(call: Call, table_id: str) -> Doc:
    """The table of that id; refuses with InvalidRouteTableId.NotFound (404)."""
    doc = call.alive("routetable", table_id)
    if doc is None:
        raise ApiError("InvalidRouteTableId.NotFound", "Specified route table does not exist.", 404)
    return doc


@PRODUCT.operation("CreateRouteTable", writes=True)
def create_route_table(call: Call) -> dict[str, Any]:
    """CreateRouteTable: a custom table, which no vSwitch uses yet."""
    vpc = call.alive("vpc", call.params.required("VpcId"))
    if vpc is None:
        raise ApiError("InvalidVpcId.NotFound", "Specified VPC does not exist.", 404)
    own = lasting(call, "routetable", call.now, scope=vpc.id)
    refuse_over(
        call,
        "route_tables_per_vpc",
        sum(doc.body["RouteTableType"] == "Custom" for doc in own),
        region=vpc.region,
    )
    name = checked_name(call, "RouteTableName", "InvalidParameter.RouteTableName.Malformed")
    tags = TAGGING.new_tags(call)
    doc = make_route_table(call, vpc, name=name, table_type="Custom", tags=tags)
    doc.body["Description"] = checked_description(call, "InvalidParameter.Description.Malformed")
    call.docs.put(doc)
    return {"RouteTableId": doc.id}


@PRODUCT.operation("DescribeRouteTableList")
def describe_route_table_list(call: Call) -> dict[str, Any]:
    """DescribeRouteTableList: tables without their entries."""
    ids, vpc_id = call.params.one("RouteTableId"), call.params.text("VpcId")
    docs = [doc for doc in call.all("routetable", ids=ids, scope=vpc_id) if _wanted(call, doc)]
    page, numbers = page_of(call, docs)
    rows = [_row(call, doc) for doc in page]
    return {"RouterTableList": {"RouterTableListType": rows}} | numbers


def _wanted(call: Call, doc: Doc) -> bool:
    params = call.params
    return params.fit(
        RouteTableName=doc.name,
        RouterId=doc.body["VRouterId"],
        RouterType="VRouter",
        RouteTableType=doc.body["RouteTableType"],
    ) and tagged(call, doc, params.tags())


def _row(call: Call, doc: Doc) -> dict[str, Any]:
    return {
        "RouteTableId": doc.id,
        "RouteTableName": doc.name,
        "RouteTableType": doc.body["RouteTableType"],
        "VpcId": doc.scope,
        "Status": call.state(doc),
        "CreationTime": stamp(call, doc.created_at),
        "RouterId": doc.body["VRouterId"],
        "RouterType": "VRouter",
        "AssociateType": "VSwitch",
        "Description": doc.body["Description"],
        "OwnerId": int(call.caller.account_id),
        "ResourceGroupId": RESOURCE_GROUP,
        "Tags": key_value_tags(call, doc),
        "VSwitchIds": {"VSwitchId": vswitches_of(call, doc)},
        "GatewayIds": {"GatewayIds": []},
        "RoutePropagationEnable": doc.body.get("RoutePropagationEnable", True),
    }


def vswitches_of(call: Call, doc: Doc) -> list[str]:
    """The vSwitches that use the table: all of the VPC's use the system one."""
    if doc.body["RouteTableType"] != "System":
        return []
    return [row.id for row in call.docs.find("vswitch", at=call.now, scope=doc.scope)]


@PRODUCT.operation("ModifyRouteTableAttributes", writes=True, idempotent_by_token=False)
def modify_route_table_attributes(call: Call) -> None:
    """ModifyRouteTableAttributes: name, description, and whether routes are propagated to it."""
    doc = living_route_table(call, call.params.required("RouteTableId"))
    if call.state(doc) != "Available":
        raise _wrong_status()
    name = checked_name(call, "RouteTableName", "InvalidParameter.RouteTableName.Malformed")
    doc.name = name or doc.name
    if "Description" in call.params:
        doc.body["Description"] = checked_description(
            call, "InvalidParameter.Description.Malformed"
        )
    doc.body["RoutePropagationEnable"] = call.params.boolean(
        "RoutePropagationEnable", default=doc.body.get("RoutePropagationEnable", True)
    )
    call.docs.put(doc)


def _wrong_status() -> ApiError:
    return ApiError(
        "IncorrectRouteTableStatus",
        "The current status of the route table does not support this operation.",
        404,
    )


@PRODUCT.operation("DeleteRouteTable", writes=True, idempotent_by_token=False)
def delete_route_table(call: Call) -> None:
    """DeleteRouteTable: custom tables without custom entries only."""
    doc = living_route_table(call, call.params.required("RouteTableId"))
    if doc.body["RouteTableType"] != "Custom":
        raise ApiError(
            "IncorrectRouteTableType",
            "Route table can be deleted by this action only when it's type is custom.",
        )
    if lasting(call, "route", call.now, scope=doc.id):
        raise ApiError(
            "IncorrectRouteTableStatus.RouteEntryExist",
            "You cannot delete the specified route table because it still has custom route entry.",
        )
    if call.state(doc) != "Available":
        raise _wrong_status()
    remove_route_table(call, doc, durations.ROUTE_TABLE_DELETING)
