"""Reading load balancers: DescribeLoadBalancers and DescribeLoadBalancerAttribute."""

from __future__ import annotations

import json
from typing import Any

from ackgpu.emulator.account import RESOURCE_GROUP
from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call
from ackgpu.emulator.shared import catalog
from ackgpu.emulator.shared.fields import stamp, tag_key_tags, tagged
from ackgpu.emulator.slb import PRODUCT
from ackgpu.emulator.slb.balancer_changes import living_balancer, network_type
from ackgpu.emulator.slb.listeners import listeners_of
from ackgpu.emulator.slb.servers import server_rows
from ackgpu.emulator.store import Doc

CHARGE_NUMBERS = {"paybybandwidth": "3", "paybytraffic": "4"}
"""How DescribeLoadBalancers writes InternetChargeType; its alias has the word."""
FOREVER = ("2999-09-08T16:00:00Z", 32493801600000)
"""When a pay-as-you-go balancer ends: as text and in milliseconds."""
MAX_IDS = 10


@PRODUCT.operation("DescribeLoadBalancers")
def describe_load_balancers(call: Call) -> dict[str, Any]:
    """DescribeLoadBalancers: PageSize counts only together with PageNumber."""
    ids = call.params.comma_list("LoadBalancerId")
    if len(ids) > MAX_IDS:
        raise ApiError("InvalidParameter", "LoadBalancerId takes at most 10 ids.")
    tags = call.params.tags() | _json_tags(call)
    docs = [
        doc
        for doc in call.all("loadbalancer", ids=ids, scope=call.params.text("VpcId"))
        if _wanted(call, doc) and tagged(call, doc, tags)
    ]
    number = call.params.integer("PageNumber", 0, high=1000)
    size = call.params.integer("PageSize", 10, low=1, high=100) if number else 10
    number = number or 1
    page = docs[(number - 1) * size : number * size]
    return {
        "LoadBalancers": {"LoadBalancer": [_row(call, doc) for doc in page]},
        "PageNumber": number,
        "PageSize": size,
        "TotalCount": len(docs),
    }


def _json_tags(call: Call) -> dict[str, str]:
    """The older ``Tags`` parameter: JSON text of ``[{TagKey, TagValue}]``."""
    refusal = ApiError("InvalidTag", "The specified tags is invalid.")
    try:
        rows = json.loads(call.params.text("Tags", "[]"))
    except ValueError:
        raise refusal from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise refusal
    return {str(row.get("TagKey")): str(row.get("TagValue", "")) for row in rows}


def _wanted(call: Call, doc: Doc) -> bool:
    params, body = call.params, doc.body
    keys = ("AddressType", "Address", "VSwitchId", "AddressIPVersion", "InternetChargeType")
    servers = {server["ServerId"] for server in body["BackendServers"]}
    server_id = params.text("ServerId")
    zones = _zones(doc)
    return (
        params.fit(
            LoadBalancerName=doc.name,
            LoadBalancerStatus=call.state(doc),
            VpcId=doc.scope,
            NetworkType=network_type(doc),
            PayType=_pay_type(doc),
            ResourceGroupId=RESOURCE_GROUP,
            MasterZoneId=zones[0],
            SlaveZoneId=zones[1],
        )
        and (not server_id or server_id in servers)
        and not params.text("ServerIntranetAddress")
        and params.fit(**{key: body[key] for key in keys})
    )


def _pay_type(doc: Doc) -> str:
    return str(doc.body.get("PayType", "PayOnDemand"))


def _zones(doc: Doc) -> tuple[str, str]:
    """The primary zone and the secondary one: the region's next, unless one was requested."""
    zones = catalog.zones(doc.region)
    primary = doc.body["ZoneId"] or zones[0]
    after = zones[(zones.index(primary) + 1) % len(zones)] if primary in zones else ""
    return primary, doc.body.get("SlaveZoneId") or after


def _common(call: Call, doc: Doc) -> dict[str, Any]:
    """What both readings show alike."""
    body = doc.body
    primary, secondary = _zones(doc)
    own = (
        "Address",
        "AddressType",
        "AddressIPVersion",
        "VSwitchId",
        "Bandwidth",
        "LoadBalancerSpec",
        "InstanceChargeType",
        "DeleteProtection",
        "ModificationProtectionStatus",
        "ModificationProtectionReason",
    )
    return {key: body[key] for key in own} | {
        "LoadBalancerId": doc.id,
        "LoadBalancerName": doc.name,
        "LoadBalancerStatus": call.state(doc),
        "RegionId": doc.region,
        "RegionIdAlias": doc.region,
        "MasterZoneId": primary,
        "SlaveZoneId": secondary,
        "VpcId": doc.scope,
        "NetworkType": network_type(doc),
        "PayType": _pay_type(doc),
        "ResourceGroupId": RESOURCE_GROUP,
        "CreateTime": stamp(call, doc.created_at),
        "CreateTimeStamp": int(call.instant(doc.created_at).timestamp()) * 1000,
        "Tags": tag_key_tags(call, doc),
    }


def _row(call: Call, doc: Doc) -> dict[str, Any]:
    charge_type = doc.body["InternetChargeType"]
    return _common(call, doc) | {
        "InternetChargeType": CHARGE_NUMBERS.get(charge_type, charge_type),
        "InternetChargeTypeAlias": charge_type,
    }


@PRODUCT.operation("DescribeLoadBalancerAttribute")
def describe_load_balancer_attribute(call: Call) -> dict[str, Any]:
    """DescribeLoadBalancerAttribute: with listeners, twice (Protocal, Protocol), and backends."""
    doc = living_balancer(call)
    listeners = listeners_of(call, doc.id)
    ports = [row.body["ListenerPort"] for row in listeners]
    return _common(call, doc) | {
        "InternetChargeType": doc.body["InternetChargeType"],
        "EndTime": FOREVER[0],
        "EndTimeStamp": FOREVER[1],
        "ListenerPorts": {"ListenerPort": ports},
        "ListenerPortsAndProtocal": {
            "ListenerPortAndProtocal": [
                {"ListenerPort": port, "ListenerProtocal": "tcp"} for port in ports
            ]
        },
        "ListenerPortsAndProtocol": {
            "ListenerPortAndProtocol": [
                {
                    "ListenerPort": row.body["ListenerPort"],
                    "ListenerProtocol": "tcp",
                    "Description": row.body["Description"],
                }
                for row in listeners
            ]
        },
        "BackendServers": {"BackendServer": server_rows(doc.body["BackendServers"], "ServerIp")},
    }
