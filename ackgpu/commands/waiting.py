"""``wait``: until a cluster, its nodes or its GPUs are ready, or until it is gone."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ackgpu.app import App
from ackgpu.cloud.api import Cloud, Cluster
from ackgpu.commands.estates import not_found
from ackgpu.commands.kubeconfig import LEAST_MINUTES, MOST_MINUTES
from ackgpu.commands.running import on_display, timeout_of, where
from ackgpu.engine.apply import Apply
from ackgpu.engine.run import Run
from ackgpu.engine.step import Absent, Broken, CheckStep, Context, Finding, Pending, Ready, Step
from ackgpu.engine.workers import InlineWorkers
from ackgpu.errors import CloudError, UsageError
from ackgpu.render.output import present
from ackgpu.render.results import Facts, Result
from ackgpu.spec.model import ClusterSpec, ExpectSpec, MetadataSpec
from ackgpu.steps.blueprint import Blueprint
from ackgpu.steps.cluster import ClusterStep
from ackgpu.steps.discover import Estate, discover
from ackgpu.steps.gpu_nodes import GpuNodesStep
from ackgpu.steps.kubeconfig import Access
from ackgpu.steps.lookup import TAGGED
from ackgpu.steps.node_pool import POOL_ENDED, SETTLING, newest_task, pool_error

GOALS = ("cluster", "nodes", "gpu", "deleted")
LONG = 24 * 3600
"""No step ends a wait: --timeout does."""


@dataclass(frozen=True, kw_only=True)
class WaitOptions:
    """What ``wait`` was asked for; ``goal`` is one of GOALS."""

    name: str
    goal: str
    timeout: str = ""


def run(options: WaitOptions, app: App) -> int:
    """Wait; the exit code."""
    if options.goal not in GOALS:
        raise UsageError(
            f"--for {options.goal} is not known.", resolution=f"One of: {', '.join(GOALS)}."
        )
    cloud = app.cloud()
    timeout = timeout_of(app, options.timeout)
    steps = _steps(options, app, cloud, timeout)
    run = app.reading()
    run.deadline = run.started + timeout
    headline = f"{where(app, cloud.region)} · for {options.goal}"
    with on_display(
        app, run, verb="wait", subject=options.name, headline=headline, steps=steps
    ) as shown:
        outcome = Apply(steps, shown.run).run()
        shown.finish(outcome)
    outcome.raise_error()
    said = {"cluster": "running", "nodes": "complete", "gpu": "verified", "deleted": "gone"}
    part = Facts(
        headline=f"{options.name} is {said[options.goal]}",
        facts={"name": options.name, "for": options.goal, "seconds": round(outcome.seconds, 1)},
        done=True,
    )
    result = Result(
        command="wait",
        part=part,
        resources=outcome.resources,
        durations={"total": outcome.seconds},
    )
    return present(app.streams, app.settings.output, result)


def _steps(options: WaitOptions, app: App, cloud: Cloud, timeout: float) -> tuple[Step[Any], ...]:
    if options.goal == "deleted":
        return (Gone(cloud, options.name, app.reading()),)
    spec = ClusterSpec(metadata=MetadataSpec(name=options.name, region=cloud.region))
    plan = Blueprint(spec, "", (), {})
    up = Running(cloud, plan)
    if options.goal == "cluster":
        return (up,)
    complete = Complete(cloud, up)
    if options.goal == "nodes":
        return (up, complete)
    reach = Reach(cloud, up, seconds=timeout)
    verified = GpuNodesStep(
        app.connect,
        access=reach,
        pools=(complete,),
        wanted=lambda ctx: ctx[complete],
        expect=ExpectSpec(),
    )
    verified.timeout = LONG
    return (up, complete, reach, verified)


class Gone(CheckStep[None]):
    """Nothing of the cluster is left."""

    typical = 300
    timeout = LONG

    def __init__(self, cloud: Cloud, name: str, reading: Run) -> None:
        super().__init__("everything gone", "deleted")
        self._cloud = cloud
        self._subject = name
        self._reading = reading

    def find(self, ctx: Context) -> Finding[None]:
        """Look for anything of ours."""
        del ctx
        # This runs in a worker: its own calls must not go to the workers again.
        reading = replace(self._reading, workers=InlineWorkers())
        estate = discover(self._cloud, self._subject, reading)
        if estate.empty:
            return Ready(None, detail="nothing is left")
        stuck = [c for c in estate.clusters if c.state == "delete_failed"]
        if stuck:
            error = CloudError(
                f"The deletion of {stuck[0].name} ({stuck[0].id}) failed.",
                resolution=f"Ask again: `ackgpu delete {stuck[0].name}` takes up what is left.",
            )
            return Broken(error, id=stuck[0].id)
        return Pending(f"still there: {', '.join(estate.ids)}", warning=self._doubt(estate))

    def _doubt(self, estate: Estate) -> str:
        """Nothing but a delete that is waited for removes the network behind its cluster."""
        if estate.clusters:
            return ""
        return (
            "the cluster is gone and its network is not: where no delete is under way any more,"
            f" `ackgpu delete {self._subject}` removes it"
        )


class Running(CheckStep[Cluster]):
    """The control plane runs. What does not exist is not waited for."""

    typical = 360
    timeout = LONG

    def __init__(self, cloud: Cloud, plan: Blueprint) -> None:
        super().__init__("cluster", "cluster")
        self._inner = ClusterStep(cloud, plan, vswitches=(), group=None, pick=TAGGED)
        self._plan = plan

    def find(self, ctx: Context) -> Finding[Cluster]:
        """As ``create`` looks, but for differences from a spec."""
        finding = self._inner.find(ctx)
        if isinstance(finding, Absent):
            return Broken(not_found(self._plan.name, self._plan.region))
        if isinstance(finding, Ready):
            return Ready(finding.value, finding.id, finding.detail, resources=finding.resources)
        return finding


class Complete(CheckStep[Mapping[str, int]]):
    """Every pool is active and has its nodes. Its value: pool ids and their sizes."""

    typical = 180
    timeout = LONG

    def __init__(self, cloud: Cloud, up: Step[Cluster]) -> None:
        super().__init__("node pools", "node pool", (up,))
        self._cloud = cloud
        self._containers = cloud.containers
        self._up = up

    def find(self, ctx: Context) -> Finding[Mapping[str, int]]:
        """Read the pools."""
        cluster_id = ctx[self._up].id
        pools = self._containers.node_pools(cluster_id)
        ended = next((pool for pool in pools if pool.state in POOL_ENDED), None)
        if ended is not None:
            task = newest_task(self._cloud, cluster_id, ended.id)
            error = pool_error(task, f"The node pool {ended.name} ({ended.id}) is {ended.state}")
            return Broken(error, id=ended.id)
        short = [p for p in pools if p.state != "active" or p.healthy < p.desired]
        if not pools:
            return Pending("there is no node pool yet")
        if short:
            told = (f"{p.name} {p.state}: {p.healthy} of {p.desired} ready" for p in short)
            unknown = next((p.state for p in short if p.state not in {"active", *SETTLING}), "")
            warning = f"ACK says a pool is {unknown!r}; going on waiting" if unknown else ""
            return Pending("; ".join(told), warning=warning)
        return Ready({p.id: p.desired for p in pools}, detail=f"{len(pools)} complete")


class Reach(CheckStep[Access]):
    """A kubeconfig of the cluster for this process alone, which lives as long as the wait may."""

    def __init__(self, cloud: Cloud, up: Step[Cluster], *, seconds: float) -> None:
        super().__init__("access", "kubeconfig", (up,))
        self._containers = cloud.containers
        self._up = up
        wanted = math.ceil(seconds / 60) + LEAST_MINUTES
        self._minutes = min(max(wanted, LEAST_MINUTES), MOST_MINUTES)

    def find(self, ctx: Context) -> Finding[Access]:
        """Fetch it; an API server without a public endpoint is not waited for."""
        cluster = ctx[self._up]
        if not cluster.public_endpoint:
            error = UsageError(
                f"The API server of {cluster.name} has no public endpoint.",
                resolution="From a machine in the VPC: `ackgpu verify NAME --private`.",
            )
            return Broken(error, id=cluster.id)
        text = self._containers.kubeconfig(cluster.id, private=False, minutes=self._minutes)
        return Ready(Access(text, public=True), detail=cluster.public_endpoint)
