"""``policy``: the least RAM policy that a cluster needs, and whether the identity has its reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ackgpu.app import App
from ackgpu.commands.planning import UNCONNECTED, sketch
from ackgpu.commands.preflight import check_list, target_of
from ackgpu.commands.specs import SpecOptions, wanted
from ackgpu.engine.step import Step
from ackgpu.preflight import permissions
from ackgpu.preflight.checks import all_checks, carry_out
from ackgpu.preflight.facts import Target, needs_of
from ackgpu.preflight.limit_values import LimitRules
from ackgpu.preflight.ram_actions import actions_of, calls_of, policy_of
from ackgpu.render.output import json_file, present
from ackgpu.render.results import Result
from ackgpu.spec.model import ClusterSpec
from ackgpu.steps import discover, placement, pod_leftovers, strangers
from ackgpu.steps.residue import (
    BalancerRemoval,
    DiskRemoval,
    InstancesRemoval,
    InterfaceRemoval,
)

VERIFYING = ("containers.clusters", "containers.kubeconfig")
DELETING = ("containers.node_pools", "containers.resources", *pod_leftovers.WRITES)
"""What ``verify`` and ``delete`` call besides what the steps do."""
LEFTOVERS: tuple[type[Step[Any]], ...] = (
    BalancerRemoval,
    InstancesRemoval,
    DiskRemoval,
    InterfaceRemoval,
)
"""The steps of a deletion that have something to do where ACK leaves something behind."""


@dataclass(frozen=True, kw_only=True)
class PolicyOptions:
    """What the commands were asked for."""

    wants: SpecOptions


def generate(options: PolicyOptions, app: App) -> int:
    """Write the policy; nothing is asked of the cloud."""
    spec = wanted(options.wants, app, unnamed="new", offline=True).spec
    policy = policy_of(actions_for(app, spec))
    output = app.settings.output
    result = Result(command="policy generate", part=json_file(output, "policy", policy))
    return present(app.streams, output, result)


def check(options: PolicyOptions, app: App) -> int:
    """Try every read that a creation makes; exit code 3 where RAM refuses one."""
    spec = wanted(options.wants, app, unnamed="new").spec
    rules = LimitRules()
    report = carry_out(target_of(app, spec), [permissions.CHECK], rules, app.reading())
    result = Result(
        command="policy check",
        part=check_list(f"ackgpu policy check · {spec.region}", report.findings, app),
        warnings=("What creates and deletes is not tried: policy generate lists it.",),
        error=app.complete(report.error()),
    )
    return present(app.streams, app.settings.output, result)


def actions_for(app: App, spec: ClusterSpec) -> list[str]:
    """The RAM actions that creating, verifying and deleting a cluster of ``spec`` can ask for."""
    steps = sketch(spec)
    owns = needs_of(step.consumes for step in steps)
    target = Target(spec, UNCONNECTED, app.clock, owns, owns)
    calls = calls_of(all_checks(LimitRules()), target)
    for step in steps:
        calls |= _calls(step)
    for leftover in LEFTOVERS:
        calls |= {*leftover.reads, *leftover.writes}
    looking = (*placement_calls(spec), *discover.READS, *strangers.READS, *pod_leftovers.READS)
    return actions_of([*calls, *looking, *VERIFYING, *DELETING])


def placement_calls(spec: ClusterSpec) -> tuple[str, ...]:
    """What deciding calls: zones for NAT gateways only where one is made in a zone left open."""
    made = spec.network.nat.create and not spec.network.nat.id
    left_open = made and placement.is_open(spec)
    return tuple(c for c in placement.READS if left_open or c != "network.nat_zones")


def _calls(step: Step[Any]) -> set[str]:
    return {*step.reads, *(() if step.given else step.writes)}
