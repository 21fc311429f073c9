"""From a spec to its decided steps, and the refusal of what contradicts it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from ackgpu.app import App
from ackgpu.commands.estates import only_removal
from ackgpu.commands.node_password import node_password
from ackgpu.engine.plan import Plan
from ackgpu.engine.run import Run
from ackgpu.engine.step import Broken, Ready, Step
from ackgpu.errors import CloudError, ConflictError, OutOfStock
from ackgpu.naming import ownership_tags
from ackgpu.spec.model import ClusterSpec
from ackgpu.steps.blueprint import Blueprint
from ackgpu.steps.graph_of import Ports, create_graph
from ackgpu.steps.placement import decide


def prepare(
    app: App, spec: ClusterSpec, run: Run, token_run: str, kubeconfig: Path | None
) -> tuple[Blueprint, tuple[Step[Any], ...]]:
    """Decide what is open in the spec, and build the steps."""
    ttl = spec.lifecycle.ttl
    expires = app.clock.after(ttl) if ttl else None
    tags = ownership_tags(cluster=spec.name, run=token_run, expires=expires)
    cloud = app.cloud(spec.region)
    decided = decide(cloud, spec, run, {**spec.metadata.tags, **tags})
    blueprint = replace(decided, login_password=node_password(app))
    return blueprint, graph(app, blueprint, kubeconfig)


def graph(app: App, blueprint: Blueprint, kubeconfig: Path | None) -> tuple[Step[Any], ...]:
    """The steps of a blueprint."""
    file = app.kubeconfig(str(kubeconfig) if kubeconfig else None)
    return create_graph(Ports(app.cloud(blueprint.region), app.connect, file), blueprint)


def refuse_conflicts(plan: Plan, *, removal: str = "") -> None:
    """Raise what is wrong with what exists, before anything is made.

    A node pool that got no stock in an earlier run is no conflict: it is made anew. ``removal`` is
    the command that deletes what is ours and broken.
    """
    for planned in plan.steps:
        if isinstance(planned.finding, Broken):
            sold_out = isinstance(planned.finding.error, OutOfStock)
            if sold_out and planned.step.kind == "node pool":
                continue
            error = planned.finding.error
            if removal and isinstance(error, CloudError) and not planned.step.given:
                error.resolution = f"{error.resolution} {only_removal(removal)}".lstrip()
            raise error
        drift = planned.finding.drift if isinstance(planned.finding, Ready) else ()
        if drift:
            raise ConflictError(
                f"{planned.step.name} {planned.id} exists and is not what the spec asks for.",
                details=[f"{d.field}: the spec says {d.wanted}, found {d.found}" for d in drift],
                resolution="Change the spec to what exists, choose another name, or delete the"
                " cluster first: ackgpu changes nothing that it finds.",
            )
