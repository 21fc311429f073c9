"""Which calls of the cloud each command can make, and so which RAM actions its policy needs.

What steps and checks say of themselves is derived; what a command calls besides is listed here. A
test runs every command with what is listed for it and no more, and without each action in turn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ackgpu import flag
from ackgpu.commands.cluster.plan_report import sketch
from ackgpu.engine.step import Step
from ackgpu.errors import UsageError
from ackgpu.inventory.discover import MORE_READS, TAGGED_AT_BIRTH
from ackgpu.inventory.owned import LOOKED_FOR
from ackgpu.inventory.pod_leftovers import CLAIMED
from ackgpu.inventory.resources import CLUSTER, KINDS, ResourceKind
from ackgpu.preflight.checks import all_checks
from ackgpu.preflight.facts import Target, needs_of
from ackgpu.preflight.limit_values import LimitRules
from ackgpu.preflight.ram_actions import actions_of, calls_of
from ackgpu.session import Session
from ackgpu.spec.model import ClusterSpec
from ackgpu.steps import cluster_drift, placement
from ackgpu.steps.attach import AttachStep
from ackgpu.steps.billing import SubscriptionStep
from ackgpu.steps.cluster_change import AddonStep, ProtectionStep, PublicEndpointStep, TagsStep
from ackgpu.steps.gpu_nodes import GpuNodesStep
from ackgpu.steps.node_change import NodeRemovalStep, RepairStep, ReplacementStep
from ackgpu.steps.node_pool import NodePoolStep
from ackgpu.steps.pool_change import AutoScalingStep, PoolRemoval, PoolSizeStep
from ackgpu.steps.pool_settings import AutoScalingOffStep, NodeMarksStep, PoolSettingsStep
from ackgpu.steps.sleep_record import SleepEndStep, SleepRecordStep
from ackgpu.steps.upgrade import ControlPlaneUpgradeStep, PoolUpgradeStep, UpgradeCheckStep

Steps = Iterable[type[Step[Any]] | Step[Any]]
Calls = set[str]


def _lists(kinds: Iterable[ResourceKind]) -> tuple[str, ...]:
    """The calls that list the kinds of resources."""
    return tuple(sorted({kind.lists for kind in kinds}))


def _tags(kinds: Iterable[ResourceKind]) -> tuple[str, ...]:
    """The calls that tag the kinds of resources."""
    return tuple(sorted({kind.tag.call for kind in kinds if kind.tag}))


FINDING = ("containers.clusters", "containers.cluster")
"""How a command finds a cluster by its name, and reads it in full."""
VERIFYING = (*FINDING, "containers.kubeconfig", "compute.console_output")
"""An instance's console is read if its GPU does not come up."""
DIAGNOSING = (
    "containers.node_pools", "containers.nodes", "containers.tasks", "containers.task",
    "containers.events", "compute.security_groups", "compute.security_rules",
    "compute.console_output", "network.vpcs", "network.route_tables", "network.route_entries",
    "network.nat_gateways", "network.snat_entries", "scaling.activities",
)  # fmt: skip
"""What ``diagnose`` reads; what is refused is told as not seen, and the rest is looked at."""
LOOKING = (*_lists(kind for kind in KINDS if kind.made_by in {"ackgpu", "ACK"}), *MORE_READS)
"""What a cluster consists of, but for what pods left behind and others made in its network."""
PRICING = ("compute.price", "billing.hourly_price")
"""What a cluster costs; refused, it is not known, and nothing else stops."""
READING = (
    *LOOKING, *PRICING,
    "containers.node_pools", "containers.nodes", "containers.kubeconfig", "containers.addons",
    "compute.security_rules", "compute.regions", "compute.console_output",
    "balancers.listener_ports",
)  # fmt: skip
"""``list``, ``describe``, ``wait``, ``kubeconfig`` and ``export``."""
DELETING = (
    *_lists(KINDS), *MORE_READS, *PRICING, "containers.node_pools", "containers.nodes",
    "containers.task", "compute.regions", *_tags(CLAIMED),
    "containers.set_deletion_protection",
)  # fmt: skip
LEFT_BEHIND = tuple(
    kind for kind in KINDS if kind.made_by in {"ACK", "Services", "pods"} and kind.deletes
)
"""The kinds that a deletion may have to delete by itself, as ACK leaves some of them behind."""
OWNED_READS = _lists(LOOKED_FOR)
TAGGING = _tags((*LOOKED_FOR, CLUSTER))
POOLS = (
    "containers.node_pools", "containers.nodes", "containers.kubeconfig",
    "containers.attach_script", "network.vswitches", "network.vpcs",
    "network.route_entries", "network.nat_gateways", "network.snat_entries", "network.eips",
    "compute.zones", "compute.instances", "compute.instance_types",
    "compute.stock", "compute.security_groups", "compute.subscription_price",
    "quota_center.quotas",
)  # fmt: skip
SLEEPING = (
    "containers.nodes", "containers.kubeconfig", "compute.instances", "quota_center.quotas",
    *PRICING,
)  # fmt: skip
IN_PLACE = (
    ProtectionStep, PublicEndpointStep, TagsStep, AddonStep, NodeMarksStep, AutoScalingOffStep,
    PoolSettingsStep, PoolSizeStep, AutoScalingStep, PoolRemoval,
)  # fmt: skip
"""What ``apply`` changes besides what ``create`` makes."""
UPGRADING = ("containers.upgrades", "containers.node_pools")
SHOWN = "balancers.listener_ports"
"""What the summary of a creation says of load balancers."""
_REMOVES = ("delete_", "release_", "unassociate_")
_IN_CREATION = "containers.delete_node_pool"
"""A pool that is sold out in its zone is removed, and made in another."""


def actions_for(purpose: str, session: Session, spec: ClusterSpec) -> list[str]:
    """The RAM actions that the commands of ``purpose`` can need for a cluster of ``spec``.

    Raises UsageError for a purpose that there is not.
    """
    if purpose == "all":
        found = [action for each in PURPOSES for action in actions_for(each, session, spec)]
        return sorted(set(found))
    if purpose not in PURPOSES:
        raise UsageError(f"{flag.FOR} {purpose} is not known.", details=("all", *PURPOSES))
    calls = PURPOSES[purpose]
    return actions_of(calls(session, spec) if callable(calls) else calls)


def _create(session: Session, spec: ClusterSpec) -> Calls:
    steps = sketch(session, spec, session.offline_cloud(spec.region))
    owns = needs_of(step.consumes for step in steps)
    target = Target(spec, session.clock, owns, owns)
    made = {call for call in _writes(steps) if not _removes(call) or call == _IN_CREATION}
    looking = (
        *placement_calls(spec), *cluster_drift.reads_of(spec), *LOOKING, *VERIFYING, SHOWN,
    )  # fmt: skip
    return {*calls_of(all_checks(LimitRules()), target), *_reads(steps), *made, *looking}


def _apply(session: Session, spec: ClusterSpec) -> Calls:
    changes = {*_reads(IN_PLACE), *_writes(IN_PLACE)}
    of_pools = ("containers.node_pools", "containers.nodes", "compute.instances")
    return {*_create(session, spec), *changes, *OWNED_READS, *TAGGING, *of_pools} - {
        "containers.create_cluster"
    }


def _delete(session: Session, spec: ClusterSpec) -> Calls:
    steps = sketch(session, spec, session.offline_cloud(spec.region))
    removing = [step for step in steps if any(map(_removes, step.writes))]
    removed = {call for call in _writes(removing) if _removes(call)} - {_IN_CREATION}
    left = {kind.deletes for kind in LEFT_BEHIND if kind.deletes}
    return {*_reads(removing), *removed, *left, *DELETING}


def _gc(session: Session, spec: ClusterSpec) -> Calls:
    return {*_delete(session, spec), *OWNED_READS}


def _by_steps(*steps: type[Step[Any]]) -> Calls:
    return {*_reads(steps), *_writes(steps)}


def placement_calls(spec: ClusterSpec) -> tuple[str, ...]:
    """What deciding calls: zones for NAT gateways only where one is made in a zone left open."""
    made = spec.network.nat.create and not spec.network.nat.id
    left_open = made and placement.is_open(spec)
    return tuple(c for c in placement.READS if left_open or c != "network.nat_zones")


def _reads(steps: Steps) -> Calls:
    return {call for step in steps for call in step.reads}


def _writes(steps: Steps) -> Calls:
    """Of what the spec gives by id nothing is written."""
    written = (step for step in steps if isinstance(step, type) or not step.given)
    return {call for step in written for call in step.writes}


def _removes(call: str) -> bool:
    return call.partition(".")[2].startswith(_REMOVES)


PURPOSES: Mapping[str, Calls | Callable[[Session, ClusterSpec], Calls]] = {
    "create": _create,
    "apply": _apply,
    "verify": {*VERIFYING},
    "diagnose": {*VERIFYING, *DIAGNOSING, *_lists(TAGGED_AT_BIRTH)},
    "delete": _delete,
    "nodepool": {*FINDING, *POOLS} | _by_steps(
        NodePoolStep, GpuNodesStep, AttachStep, SubscriptionStep, AutoScalingStep, PoolRemoval,
        PoolSizeStep, NodeMarksStep, AutoScalingOffStep,
    ),
    "node": {*FINDING, "containers.node_pools", "containers.nodes", "containers.kubeconfig"}
    | _by_steps(NodeRemovalStep, ReplacementStep, RepairStep, GpuNodesStep),
    "sleep": {*FINDING, *LOOKING, *SLEEPING} | _by_steps(
        SleepRecordStep, SleepEndStep, AutoScalingOffStep, AutoScalingStep, PoolSizeStep,
        GpuNodesStep,
    ),
    "upgrade": {*FINDING, *UPGRADING}
    | _by_steps(UpgradeCheckStep, ControlPlaneUpgradeStep, PoolUpgradeStep),
    "gc": _gc,
    "extend": {*FINDING, *OWNED_READS, *TAGGING},
    "describe": {*READING},
}  # fmt: skip
"""What ``policy generate`` writes policies for, besides ``all``."""
