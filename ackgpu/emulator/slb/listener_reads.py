"""Reading TCP listeners."""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.operation import Call, token_page
from ackgpu.emulator.shared.fields import tag_key_tags, tagged
from ackgpu.emulator.slb import PRODUCT
from ackgpu.emulator.slb.balancer_changes import living_balancer
from ackgpu.emulator.slb.listener_changes import living_listener
from ackgpu.emulator.store import Doc

PAGE, MAX_RESULTS = 20, 101
"""MaxResults of DescribeLoadBalancerListeners: default and most, as its schema says."""
TCP_CONFIG = (
    "PersistenceTimeout",
    "EstablishedTimeout",
    "HealthyThreshold",
    "UnhealthyThreshold",
    "HealthCheck",
    "HealthCheckConnectTimeout",
    "HealthCheckConnectPort",
    "HealthCheckInterval",
    "HealthCheckType",
    "HealthCheckDomain",
    "HealthCheckURI",
    "HealthCheckHttpCode",
    "ConnectionDrain",
    "ConnectionDrainTimeout",
    "MasterSlaveServerGroupId",
)


@PRODUCT.operation("DescribeLoadBalancerTCPListenerAttribute")
def describe_tcp_listener(call: Call) -> dict[str, Any]:
    """DescribeLoadBalancerTCPListenerAttribute."""
    doc = living_listener(call, living_balancer(call))
    keys = (*TCP_CONFIG, "ListenerPort", "BackendServerPort", "Bandwidth", "Status", "Scheduler")
    texts = ("VServerGroupId", "AclId", "AclType", "AclStatus", "Description")
    return {key: doc.body[key] for key in (*keys, *texts)} | {
        "LoadBalancerId": doc.scope,
        "ProxyProtocolV2Enabled": doc.body["ProxyProtocolV2Enabled"],
        "SynProxy": "disable",
        "HealthCheckMethod": "",
        "AclIds": {"AclId": [doc.body["AclId"]] if doc.body["AclId"] else []},
        "Tags": tag_key_tags(call, doc),
    }


@PRODUCT.operation("DescribeLoadBalancerListeners")
def describe_listeners(call: Call) -> dict[str, Any]:
    """DescribeLoadBalancerListeners: a flat list over several balancers, by NextToken."""
    docs = [doc for doc in call.all("listener") if _wanted(call, doc)]
    page, token = token_page(call, docs, default=PAGE, most=MAX_RESULTS)
    return {
        "Listeners": [_row(call, doc) for doc in page],
        "NextToken": token,
        "MaxResults": call.params.integer("MaxResults", PAGE),
        "TotalCount": len(docs),
    }


def _wanted(call: Call, doc: Doc) -> bool:
    params = call.params
    ids = params.listed("LoadBalancerId")
    port = doc.body["ListenerPort"]
    return (
        (not ids or doc.scope in ids)
        and params.text("ListenerProtocol", "tcp").lower() == "tcp"
        and params.integer("ListenerPort", port) == port
        and params.text("Description", doc.body["Description"]) == doc.body["Description"]
        and tagged(call, doc, params.tags())
    )


def _row(call: Call, doc: Doc) -> dict[str, Any]:
    body = doc.body
    keys = ("ListenerPort", "BackendServerPort", "Bandwidth", "Status", "Scheduler")
    texts = ("VServerGroupId", "AclId", "AclType", "AclStatus", "Description")
    config = {key: body[key] for key in TCP_CONFIG}
    config |= {
        "HealthCheckMethod": "",
        "ProxyProtocolV2Enabled": str(body["ProxyProtocolV2Enabled"]).lower(),
    }
    return {key: body[key] for key in (*keys, *texts)} | {
        "LoadBalancerId": doc.scope,
        "ListenerProtocol": "tcp",
        "AclIds": [body["AclId"]] if body["AclId"] else [],
        "TCPListenerConfig": config,
        "Tags": tag_key_tags(call, doc)["Tag"],
    }
