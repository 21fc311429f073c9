"""TCP listeners: made, changed, started, stopped and removed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ackgpu.emulator.errors import ApiError, invalid
from ackgpu.emulator.operation import Call
from ackgpu.emulator.shared.limits import refuse_over
from ackgpu.emulator.slb import PRODUCT
from ackgpu.emulator.slb.balancer_changes import MAX_MBPS, living_balancer
from ackgpu.emulator.slb.listeners import NUMBERS, PLAIN, TEXTS, listeners_of, make_listener
from ackgpu.emulator.slb.tags import TAGGING
from ackgpu.emulator.store import Doc

MAX_PORT = 65535


@PRODUCT.operation("CreateLoadBalancerTCPListener", writes=True, idempotent_by_token=False)
def create_tcp_listener(call: Call) -> None:
    """CreateLoadBalancerTCPListener: it is stopped until StartLoadBalancerListener."""
    params = call.params
    balancer = living_balancer(call)
    port = _port(call)
    if not params.text("BackendServerPort") and not params.text("VServerGroupId"):
        raise ApiError(
            "MissingParameter", "The BackendServerPort or VServerGroupId is required at lease one."
        )
    _check_group(call, balancer)
    others = listeners_of(call, balancer.id)
    if any(row.body["ListenerPort"] == port for row in others):
        raise ApiError(
            "ListenerPortConflict", "The specified ListenerPort is conflict with other listener."
        )
    refuse_over(call, "listeners_per_balancer", len(others), region=balancer.region)
    params.required("Bandwidth")
    settings = _settings(call, PLAIN, {"HealthCheckInterval": "healthCheckInterval"})  # sic
    settings |= {
        "BackendServerPort": params.integer("BackendServerPort", 0, low=0, high=MAX_PORT),
        "Tags": TAGGING.new_tags(call),
    }
    make_listener(call, balancer, port, call.now, settings)


def _check_group(call: Call, balancer: Doc) -> None:
    group_id = call.params.text("VServerGroupId")
    group = call.alive("vservergroup", group_id) if group_id else None
    if group_id and (group is None or group.scope != balancer.id):
        raise ApiError("ResourceNotFound.VServerGroup", f"{group_id} does not exist.")


@PRODUCT.operation("SetLoadBalancerTCPListenerAttribute", writes=True, idempotent_by_token=False)
def set_tcp_listener(call: Call) -> None:
    """SetLoadBalancerTCPListenerAttribute: what is given changes at once, the rest stays."""
    balancer = living_balancer(call)
    doc = living_listener(call, balancer)
    _check_group(call, balancer)
    doc.body |= _settings(call, doc.body, {})
    if call.params.text("VServerGroup") == "off":
        doc.body["VServerGroupId"] = ""
    call.docs.put(doc)


def _port(call: Call) -> int:
    call.params.required("ListenerPort")
    return call.params.integer("ListenerPort", 0, low=1, high=MAX_PORT)


def _settings(call: Call, old: Mapping[str, Any], spelling: Mapping[str, str]) -> dict[str, Any]:
    """What a request says of a listener; what it does not say is as ``old`` has it.

    ``spelling``: the members that the operation's parameters call otherwise.
    """
    params = call.params
    bandwidth = params.integer("Bandwidth", old["Bandwidth"], low=-1, high=MAX_MBPS)
    if bandwidth == 0:
        raise invalid("Bandwidth")
    settings: dict[str, Any] = {
        name: params.integer(spelling.get(name, name), old[name], low=low, high=high)
        for name, (_, low, high) in NUMBERS.items()
    }
    settings |= {name: params.text(name, old[name]) for name in TEXTS}
    return settings | {
        "Bandwidth": bandwidth,
        "HealthCheck": params.text("HealthCheckSwitch", old["HealthCheck"]),
        "ProxyProtocolV2Enabled": params.boolean(
            "ProxyProtocolV2Enabled", default=old["ProxyProtocolV2Enabled"]
        ),
    }


def living_listener(call: Call, balancer: Doc) -> Doc:
    """The balancer's listener at ListenerPort; refuses with ResourceNotFound.Listener (404)."""
    port = _port(call)
    protocol = call.params.text("ListenerProtocol", "tcp").lower()
    for doc in listeners_of(call, balancer.id):
        if doc.body["ListenerPort"] == port and protocol == "tcp":
            return doc
    raise ApiError("ResourceNotFound.Listener", "The specified listener is not found.", 404)


@PRODUCT.operation("StartLoadBalancerListener", writes=True, idempotent_by_token=False)
def start_listener(call: Call) -> None:
    """StartLoadBalancerListener: running at once; a repeat changes nothing."""
    _set_status(call, "running")


@PRODUCT.operation("StopLoadBalancerListener", writes=True, idempotent_by_token=False)
def stop_listener(call: Call) -> None:
    """StopLoadBalancerListener: stopped at once; a repeat changes nothing."""
    _set_status(call, "stopped")


def _set_status(call: Call, status: str) -> None:
    doc = living_listener(call, living_balancer(call))
    doc.body["Status"] = status
    call.docs.put(doc)


@PRODUCT.operation("DeleteLoadBalancerListener", writes=True, idempotent_by_token=False)
def delete_listener(call: Call) -> None:
    """DeleteLoadBalancerListener: gone at once, running or not."""
    doc = living_listener(call, living_balancer(call))
    doc.deleted_at = call.now
    call.docs.put(doc)
