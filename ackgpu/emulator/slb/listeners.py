"""TCP listeners of a load balancer: what they are made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ackgpu.emulator.operation import Call
from ackgpu.emulator.store import Doc

NUMBERS = {
    "PersistenceTimeout": (0, 0, 3600),
    "EstablishedTimeout": (900, 10, 900),
    "HealthyThreshold": (3, 2, 10),
    "UnhealthyThreshold": (3, 2, 10),
    "HealthCheckConnectTimeout": (5, 1, 300),
    "HealthCheckConnectPort": (0, 0, 65535),
    "HealthCheckInterval": (2, 1, 50),
    "ConnectionDrainTimeout": (300, 10, 900),
}
"""Numbers of a TCP listener: default, least and most (CreateLoadBalancerTCPListener)."""
TEXTS = {
    "Scheduler": "wrr",
    "HealthCheckType": "tcp",
    "HealthCheckDomain": "",
    "HealthCheckURI": "",
    "HealthCheckHttpCode": "http_2xx",
    "VServerGroupId": "",
    "MasterSlaveServerGroupId": "",
    "AclId": "",
    "AclType": "",
    "AclStatus": "off",
    "ConnectionDrain": "off",
    "Description": "",
}
"""Texts of a TCP listener and their defaults (CreateLoadBalancerTCPListener)."""

PLAIN: dict[str, Any] = (
    {name: default for name, (default, _, _) in NUMBERS.items()}
    | TEXTS
    | {"Bandwidth": -1, "HealthCheck": "on", "ProxyProtocolV2Enabled": False}
)
"""What a TCP listener is where nobody says otherwise."""


def make_listener(
    call: Call, balancer: Doc, port: int, start: float, settings: Mapping[str, Any]
) -> Doc:
    """A TCP listener from ``start``, stopped unless ``settings`` say otherwise."""
    listener_id = f"{balancer.id}_tcp_{port}"
    doc = Doc("listener", listener_id, balancer.region, balancer.id, str(port), start)
    doc.body = PLAIN | {
        "ListenerPort": port,
        "BackendServerPort": port,
        "Status": "stopped",
        "Tags": {},
        **settings,
    }
    return call.docs.put(doc)


def listeners_of(call: Call, balancer_id: str) -> list[Doc]:
    """The listeners that exist now."""
    return call.docs.find("listener", at=call.now, scope=balancer_id)
