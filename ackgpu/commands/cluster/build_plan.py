"""From a spec to its decided steps, and the refusal of what contradicts it."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ackgpu import flag
from ackgpu.commands.cluster.lookup import only_removal, refuse_asleep
from ackgpu.commands.load_spec import STDIN, RequestedSpec
from ackgpu.commands.nodepool.node_password import node_password
from ackgpu.engine.drift import drift_error, in_commands
from ackgpu.engine.plan import Plan
from ackgpu.engine.run import Run
from ackgpu.engine.step import Broken, Drift, Ready, Step
from ackgpu.errors import CloudError, OutOfStock
from ackgpu.naming import ownership_tags
from ackgpu.session import Session
from ackgpu.spec.durations import format_seconds
from ackgpu.spec.in_place import way_of
from ackgpu.spec.model import ClusterSpec
from ackgpu.spec.validate import warnings_in
from ackgpu.steps.blueprint import Blueprint
from ackgpu.steps.cluster_drift import cluster_drift
from ackgpu.steps.graph_of import Ports, create_graph
from ackgpu.steps.placement import decide


def decided(session: Session, spec: ClusterSpec, run: Run) -> Blueprint:
    """The spec with what is open in it decided."""
    ttl = spec.lifecycle.ttl
    expires = session.clock.after(ttl) if ttl else None
    lifetime = format_seconds(ttl) if ttl else ""
    tags = ownership_tags(cluster=spec.name, expires=expires, ttl=lifetime)
    blueprint = decide(session.cloud(spec.region), spec, run, {**spec.metadata.tags, **tags})
    # Kept out of the spec: that is printed, exported and compared.
    return replace(blueprint, login_password=node_password(session))


def warnings_of(want: RequestedSpec, blueprint: Blueprint) -> tuple[str, ...]:
    """What the user should know about the spec, with the instance types that were chosen."""
    if blueprint.choice is None:
        return want.warnings
    return tuple(str(finding) for finding in warnings_in(blueprint.spec))


def graph(session: Session, blueprint: Blueprint, kubeconfig: Path | None) -> tuple[Step[Any], ...]:
    """The steps of a blueprint."""
    file = session.kubeconfig(str(kubeconfig) if kubeconfig else None)
    registry = session.settings.image_registry
    ports = Ports(session.cloud(blueprint.region), session.connect, file, registry)
    return create_graph(ports, blueprint)


def refuse_conflicts(
    session: Session, run: Run, blueprint: Blueprint, plan: Plan, *, file: Path | None
) -> None:
    """Raise every difference of what exists, before anything is made. ``file``: the spec's."""
    drift = differences(session, run, blueprint, plan)
    if drift:
        ready = [(p, p.finding) for p in plan.steps if isinstance(p.finding, Ready)]
        drifted = [planned for planned, finding in ready if finding.drift]
        what = ", ".join(f"{planned.step.name} {planned.id}" for planned in drifted)
        way = way_on(blueprint.name, drift, file)
        raise drift_error(what or f"cluster {blueprint.name}", drift, way)


def refuse_broken(plan: Plan, *, removal: str = "") -> None:
    """Raise the first error of what exists and will never be usable.

    A node pool that got no stock in an earlier run is no error: it is made anew.
    """
    refuse_asleep(plan.values.ready.get("cluster"))
    for planned in plan.steps:
        if isinstance(planned.finding, Broken):
            sold_out = isinstance(planned.finding.error, OutOfStock)
            if sold_out and planned.step.kind == "node pool":
                continue
            error = planned.finding.error
            if removal and isinstance(error, CloudError) and not planned.step.given:
                error.resolution = f"{error.resolution} {only_removal(removal)}".lstrip()
            raise error


def differences(session: Session, run: Run, blueprint: Blueprint, plan: Plan) -> tuple[Drift, ...]:
    """Every difference between the blueprint and what ``plan`` found of it."""
    found = [p.finding for p in plan.steps if isinstance(p.finding, Ready)]
    drift = [d for finding in found for d in finding.drift]
    return (*drift, *cluster_drift(session.cloud(blueprint.region), blueprint, plan, run))


def way_on(name: str, drift: Sequence[Drift], file: Path | None) -> str:
    """What to do about differences: what changes them, and why some cannot be changed."""
    named = quoted(file, name)
    ways: dict[str, list[str]] = {}
    for each in drift:
        way = way_of(each.field, each.wanted, found=each.found, file=named)
        ways.setdefault(way, []).append(each.field)
    in_place = ways.pop("", [])
    fixed = [
        f"{', '.join(settings)} cannot be changed in place: {way}."
        for way, settings in ways.items()
    ]
    if fixed:
        rest = f", and `ackgpu apply -f {named}` changes the others" if in_place else ""
        return f"{' '.join(fixed)} Or change the spec to what exists{rest}."
    prune = f" {flag.PRUNE}" if any(setting.endswith("]") for setting in in_place) else ""
    apply = f"`ackgpu apply -f {named}{prune}`"
    direct = in_commands(drift)
    if file is None or file == STDIN:
        edited = f"`ackgpu export spec {name} > {named}`, edit the file, then {apply}."
        return f"{direct} Or: {edited}" if direct else f"To change the cluster: {edited}"
    also = f" So does {apply}."
    return f"{direct}{also}" if direct else f"{apply} changes the cluster to what the spec says."


def quoted(file: Path | None, name: str) -> str:
    """A spec's file as a command line names it; one to be written if there is none."""
    return shlex.quote(str(file)) if file is not None and file != STDIN else f"{name}.yaml"
