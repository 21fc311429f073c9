"""How long Container Service takes, in emulated seconds. All of its times are here.

The real service takes 3 m 39 s to 6 min for a control plane with nodes in published run logs of
2026, and 8 to 20 min in its documents; these figures lie between. What takes minutes is spread
about the usual time (:mod:`ackgpu.emulator.shared.spread`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ackgpu.emulator.shared.spread import DurationRange

CONTROL_PLANE_STAGES: tuple[tuple[str, float], ...] = (
    ("Prepare cloud resources", 60),
    ("Create control plane", 150),
    ("Wait for API server", 90),
    ("Install components", 60),
)
"""Stages of a cluster_create task, and how long each takes."""

CONTROL_PLANE = DurationRange(sum(seconds for _, seconds in CONTROL_PLANE_STAGES), 220, 500)
INTERNAL_BALANCER_AFTER = 20.0
PUBLIC_BALANCER_AFTER = 30.0
SNAT_AFTER = 95.0

INSTANCE_AFTER = 15.0
READY = DurationRange(165, 100, 240)
JOIN_AFTER = 110.0
READY_AFTER = READY.usual
"""From the request for a node until its instance exists, it joins, and it is Ready."""

STAGGER = 0.5
"""Each node of a pool comes so much later than the one before."""

POOL_ACTIVE_AFTER_LAST_READY = 15.0
GPU = DurationRange(90, 45, 150)
GPU_AFTER_READY = GPU.usual
"""How long after Ready the GPU's labels and allocatable devices appear."""

SCALE_REFUSED_AFTER = 40.0
"""When a pool's task fails for want of stock or quota."""

JOIN_GIVEN_UP_AFTER = 600.0
"""When a pool's task gives up on a node that does not join."""

CLUSTER_DELETE = 180.0
NODES_GONE_AFTER = 70.0
BALANCERS_GONE_AFTER = 120.0
NETWORK_GONE_AFTER = 150.0
SECURITY_GROUP_GONE_AFTER = 165.0
"""The course of a cluster's deletion: each from the request."""

POOL_DELETE = 75.0
NODE_REMOVAL = 60.0
DRAIN = 30.0
CLUSTER_UPDATE = 10.0
POOL_UPDATE = 8.0
CLUSTER_UPGRADE_STAGES: tuple[tuple[str, float], ...] = (
    ("Precheck", 40),
    ("Upgrade control plane", 300),
    ("Upgrade components", 80),
)
POOL_UPGRADE_PER_NODE = 120.0
POOL_REPAIR = 90.0
ADDON_CHANGE = 30.0
CHECK = 20.0
ATTACH = 300.0
"""Automatic attach replaces the system disk: about five minutes an instance (help page)."""


def control_plane_stages(settings: Mapping[str, Any], cluster_id: str) -> list[tuple[str, float]]:
    """The stages of a cluster's creation, each with its seconds."""
    longer = CONTROL_PLANE.of(settings, f"{cluster_id} control plane") / CONTROL_PLANE.usual
    return [(name, seconds * longer) for name, seconds in CONTROL_PLANE_STAGES]


def node_times(
    start: float, index: int, settings: Mapping[str, Any], key: str
) -> tuple[float, float, float, float]:
    """When the node's instance exists, it joins, is Ready, and shows its GPU.

    ``key`` names the node for the spread.
    """
    begin = start + index * STAGGER
    ready = READY.of(settings, f"{key} ready")
    join = ready * JOIN_AFTER / READY_AFTER
    gpu = ready + GPU.of(settings, f"{key} gpu")
    return begin + INSTANCE_AFTER, begin + join, begin + ready, begin + gpu


def critical_path(nodes: int) -> float:
    """Usual seconds from CreateCluster until the last of ``nodes`` nodes shows its GPU.

    The pool is asked for when the cluster runs. The VPC and vSwitches before, which are another
    product's, are not in it; NAT gateway and SNAT entries are made beside the control plane.
    """
    if nodes == 0:
        return CONTROL_PLANE.usual
    return CONTROL_PLANE.usual + node_times(0.0, nodes - 1, {}, "")[3]
