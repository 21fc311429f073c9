"""``wait``: until a cluster, its nodes or its GPUs are ready, or until it is gone."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ackgpu import flag
from ackgpu.cloud.api import Cloud, Cluster
from ackgpu.commands.cluster.elsewhere import regions_with
from ackgpu.commands.cluster.lookup import no_gpu_node, not_found
from ackgpu.commands.kubeconfig.credential import TAKEN_MINUTES
from ackgpu.engine.run import Run
from ackgpu.engine.step import Absent, Broken, CheckStep, Context, Finding, Pending, Ready, Step
from ackgpu.engine.workers import InlineWorkers
from ackgpu.errors import AckGpuError, CloudError, NoSuchCluster, UsageError
from ackgpu.inventory.discover import READS as DISCOVERY
from ackgpu.inventory.discover import discover
from ackgpu.inventory.inventory import Inventory
from ackgpu.render.results import Facts, Result
from ackgpu.session import Headline, Session
from ackgpu.spec.model import ClusterSpec, ExpectSpec, MetadataSpec
from ackgpu.steps.blueprint import Blueprint
from ackgpu.steps.cluster import ClusterStep, task_error
from ackgpu.steps.gpu_nodes import GpuNodesStep
from ackgpu.steps.kubeconfig import ClusterAccess
from ackgpu.steps.lookup import TAGGED
from ackgpu.steps.node_pool import POOL_ENDED, SETTLING, newest_task

GOALS = ("cluster", "nodes", "gpu", "deleted")
POOLS_ASKED_FOR_SECONDS = 120.0
"""A create asks for the pools right after the cluster runs, or its way out stands."""
LONG = 24 * 3600
"""No step ends a wait: its time does."""


@dataclass(frozen=True, kw_only=True)
class WaitOptions:
    """The options of ``wait``; ``goal`` is one of GOALS."""

    name: str
    goal: str
    timeout: str = ""


def execute(options: WaitOptions, session: Session) -> Result:
    """Wait."""
    if options.goal not in GOALS:
        raise UsageError(
            f"{flag.FOR} {options.goal} is not known.", resolution=f"One of: {', '.join(GOALS)}."
        )
    cloud = session.cloud()
    timeout = session.timeout_of(options.timeout)
    steps = _steps(options, session, cloud, timeout)
    run = session.reading().within(timeout)
    text = f"{session.where(cloud.region)} · for {options.goal}"
    outcome = session.apply(run, Headline("wait", options.name, text), steps)
    outcome.raise_error()
    if options.goal == "gpu" and not outcome.values[steps[-1]]:
        raise no_gpu_node(outcome.values[steps[0]])
    said = {"cluster": "running", "nodes": "complete", "gpu": "verified", "deleted": "gone"}
    there = regions_with(session, options.name, cloud.region) if options.goal == "deleted" else []
    part = Facts(
        headline=f"{options.name} is {said[options.goal]}",
        facts={"name": options.name, "for": options.goal, "seconds": round(outcome.seconds, 1)},
        done=True,
    )
    return Result(
        command="wait",
        part=part,
        resources=outcome.resources,
        warnings=tuple(
            f"{options.name} is in {region}: `{session.typed_in(region)}` waits for that one."
            for region in there
        ),
        durations={"total": outcome.seconds},
    )


def _steps(
    options: WaitOptions, session: Session, cloud: Cloud, timeout: float
) -> tuple[Step[Any], ...]:
    if options.goal == "deleted":
        return (Gone(cloud, options.name, session.reading()),)
    spec = ClusterSpec(metadata=MetadataSpec(name=options.name, region=cloud.region))
    plan = Blueprint(spec, "", (), {})
    up = Running(cloud, plan)
    if options.goal == "cluster":
        return (up,)
    unfinished = Unfinished(session, cloud, options.name)
    up = Running(cloud, plan, unfinished=unfinished)
    complete = Complete(cloud, up, unfinished)
    if options.goal == "nodes":
        return (up, complete)
    reach = WaitAccess(cloud, up, seconds=timeout)
    verified = GpuNodesStep(
        session.connect,
        access=reach,
        pools=(complete,),
        wanted=lambda ctx: ctx[complete],
        expect=ExpectSpec(),
        console=cloud.compute.console_output,
    )
    verified.timeout = LONG
    return (up, complete, reach, verified)


class Gone(CheckStep[None]):
    """Nothing of the cluster is left."""

    typical = 300
    timeout = LONG
    reads = DISCOVERY

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
        inventory = discover(self._cloud, self._subject, reading)
        if inventory.empty:
            return Ready(None, detail="nothing is left")
        stuck = [c for c in inventory.clusters if c.state == "delete_failed"]
        if stuck:
            error = CloudError(
                f"The deletion of {stuck[0].name} ({stuck[0].id}) failed.",
                resolution=f"Ask again: `ackgpu delete {stuck[0].name}` takes up what is left.",
            )
            return Broken(error, id=stuck[0].id)
        return Pending(f"still there: {', '.join(inventory.ids)}", warning=self._doubt(inventory))

    def _doubt(self, inventory: Inventory) -> str:
        """Nothing but a delete that is waited for removes the network behind its cluster."""
        if inventory.clusters:
            return ""
        return (
            "the cluster is gone and its network is not: where no delete is under way any more,"
            f" `ackgpu delete {self._subject}` removes it"
        )


class Unfinished:
    """Tells a create that nobody goes on with: its node pools are not waited for.

    A create under way on this machine holds the lock. One on another machine asks for the pools
    within moments of the cluster's running.
    """

    def __init__(self, session: Session, cloud: Cloud, name: str) -> None:
        self._session = session
        self._cloud = cloud
        self._name = name
        self._running_since: float | None = None

    def error(self, cluster_id: str, *, running: bool) -> AckGpuError | None:
        """The error if there is no pool, and no create that would make one."""
        if self._cloud.containers.node_pools(cluster_id):
            return None
        now, region = self._session.clock.now(), self._cloud.region
        if running and self._running_since is None:
            self._running_since = now
        # The kernel says so: a create of this machine holds the lock.
        if self._session.is_worked_on(region, self._name):
            return None
        journal = self._session.journal(region, self._name)
        long_running = now - (now if self._running_since is None else self._running_since)
        # Perhaps one on another machine is under way: it asks for the pools within moments.
        if journal.verb != "create" and long_running < POOLS_ASKED_FOR_SECONDS:
            return None
        known = journal.facts.get("again", "")
        again = known or self._session.command(f"create {self._name}")
        how = "" if known else ", with the flags or the file that it was made with,"
        return NoSuchCluster(
            f"{self._name} has no node pool, and no create is under way that makes one.",
            resolution=f"`{again}`{how} goes on with the rest.",
        )


class Running(CheckStep[Cluster]):
    """The control plane runs. What does not exist is not waited for."""

    typical = 360
    timeout = LONG
    reads = (*ClusterStep.reads, "containers.node_pools", "identity.whoami")

    def __init__(
        self, cloud: Cloud, plan: Blueprint, *, unfinished: Unfinished | None = None
    ) -> None:
        super().__init__("cluster", "cluster")
        self._unfinished = unfinished
        self._inner = ClusterStep(cloud, plan, vswitches=(), group=None, pick=TAGGED)
        self._plan = plan

    def find(self, ctx: Context) -> Finding[Cluster]:
        """As ``create`` looks, but for differences from a spec."""
        finding = self._inner.find(ctx)
        if isinstance(finding, Absent):
            return Broken(not_found(self._plan.name, self._plan.region))
        if self._unfinished is not None and isinstance(finding, Ready | Pending):
            error = self._unfinished.error(finding.id, running=isinstance(finding, Ready))
            if error is not None:
                return Broken(error, id=finding.id, resources=finding.resources)
        if isinstance(finding, Ready):
            return Ready(finding.value, finding.id, finding.detail, resources=finding.resources)
        return finding


class Complete(CheckStep[Mapping[str, int]]):
    """Every pool is active and has its nodes. Its value: pool ids and their sizes."""

    typical = 180
    timeout = LONG
    reads = ("containers.node_pools", "containers.tasks", "containers.task")

    def __init__(self, cloud: Cloud, up: Step[Cluster], unfinished: Unfinished) -> None:
        super().__init__("node pools", "node pool", (up,))
        self._unfinished = unfinished
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
            error = task_error(task, f"The node pool {ended.name} ({ended.id}) is {ended.state}")
            return Broken(error, id=ended.id)
        short = [p for p in pools if p.state != "active" or p.healthy < p.desired]
        if not pools:
            nobody = self._unfinished.error(cluster_id, running=True)
            return Broken(nobody) if nobody else Pending("there is no node pool yet")
        if short:
            told = (f"{p.name} {p.state}: {p.healthy} of {p.desired} ready" for p in short)
            unknown = next((p.state for p in short if p.state not in {"active", *SETTLING}), "")
            warning = f"ACK says a pool is {unknown!r}; going on waiting" if unknown else ""
            return Pending("; ".join(told), warning=warning)
        return Ready({p.id: p.desired for p in pools}, detail=f"{len(pools)} complete")


class WaitAccess(CheckStep[ClusterAccess]):
    """A kubeconfig of the cluster only for this process, which lives as long as the wait may."""

    reads = ("containers.kubeconfig",)

    def __init__(self, cloud: Cloud, up: Step[Cluster], *, seconds: float) -> None:
        super().__init__("access", "kubeconfig", (up,))
        self._containers = cloud.containers
        self._up = up
        least, most = TAKEN_MINUTES
        wanted = math.ceil(seconds / 60) + least
        self._minutes = min(max(wanted, least), most)

    def find(self, ctx: Context) -> Finding[ClusterAccess]:
        """Fetch it; an API server without a public endpoint is not waited for."""
        cluster = ctx[self._up]
        if not cluster.public_endpoint:
            error = UsageError(
                f"The API server of {cluster.name} has no public endpoint.",
                resolution=f"From a machine in the VPC: `ackgpu verify NAME {flag.PRIVATE}`.",
            )
            return Broken(error, id=cluster.id)
        text = self._containers.kubeconfig(cluster.id, private=False, minutes=self._minutes)
        return Ready(ClusterAccess(text, public=True), detail=cluster.public_endpoint)
