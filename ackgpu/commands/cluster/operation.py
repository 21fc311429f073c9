"""What every change of a cluster that stands shares: its journal, the engine's run, the end."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, ClassVar, cast

from ackgpu import flag
from ackgpu.cloud.api import Cloud, Cluster, NodePool, VSwitch
from ackgpu.commands.account.preflight import doubts_of
from ackgpu.commands.cluster.lookup import cluster_named, removed_meanwhile
from ackgpu.commands.cluster.plan_report import plan_result
from ackgpu.commands.cluster.rows import pool_row
from ackgpu.commands.cluster.what_stands import with_aftermath
from ackgpu.commands.nodepool.spec import blueprint_of, spec_of_pool
from ackgpu.engine.events import Verb
from ackgpu.engine.journal import Journal
from ackgpu.engine.plan import Plan, survey
from ackgpu.engine.run import Outcome, Run
from ackgpu.engine.step import Broken, Step
from ackgpu.errors import (
    AckGpuError,
    CloudError,
    ConflictError,
    Interrupted,
    NoSuchCluster,
    TimedOut,
    UsageError,
)
from ackgpu.naming import cluster_name_from_tags, is_asleep
from ackgpu.preflight.checks import all_checks, carry_out, chosen
from ackgpu.preflight.facts import Target
from ackgpu.preflight.limit_values import LimitRules
from ackgpu.preflight.price import Estimate
from ackgpu.render.results import NodePoolList, Part, PlanResult, PlanRow, Result
from ackgpu.session import Headline, Session
from ackgpu.spec.model import ClusterSpec
from ackgpu.steps.blueprint import Blueprint
from ackgpu.steps.pool_graph import ClusterHandle
from ackgpu.steps.running_cluster import SETTLING, RunningCluster
from ackgpu.steps.staying_instances import StayingInstance, staying_instances

_CLUSTER_ID = re.compile(r"c[0-9a-f]{32}")
Steps = Sequence[Step[Any]]


@dataclass(frozen=True, kw_only=True)
class ChangeOptions:
    """What every change is asked with. ``name``: of a cluster of ours, or the id of any.

    ``region``: the one that a spec names; empty is the command line's.
    ``way_out`` says what to do where preflight refuses the change.
    """

    way_out: ClassVar[str] = "Fix what is said with each."
    name: str
    region: str = ""
    pool: str = ""
    dry_run: bool = False
    yes: bool = False
    wait: bool = True
    timeout: str = ""


class ClusterChange:
    """One change of a cluster that stands, mostly of one of its pools.

    ``command`` is its name in results, ``key`` the whole of what was asked: a run that was cut off
    is gone on with, tokens and all, by the same words alone. ``facts`` are kept with it.
    ``resumed``: this one is gone on with. ``headline`` is what the display says of it, ``doubts``
    what preflight could not tell.
    """

    def __init__(self, session: Session, options: ChangeOptions, command: str, key: str) -> None:
        self.session = session
        self.options = options
        self.command = command
        self.cloud = session.cloud(options.region)
        self.cluster: Cluster = cluster_of(self.cloud, options.name)
        self._key = self.headline = key
        self.doubts: tuple[str, ...] = ()
        # By the cluster's id: a journal of an earlier cluster of the name must not be gone on with.
        path = session.cluster_dir(self.cloud.region, options.name) / f"{self.cluster.id}.jsonl"
        journal = Journal(path, session.clock)
        self.resumed = journal.verb == key and not journal.finished
        self._journal = journal if self.resumed else self._anew(journal)
        self.facts = dict(self._journal.facts)
        self.run = self._run()

    @property
    def standing(self) -> ClusterHandle:
        """The cluster, and what reaches it."""
        verify = bool(self.cluster.public_endpoint)
        return ClusterHandle(self.cloud, self.session.connect, self.cluster, verify)

    def pool(self) -> NodePool:
        """The pool. Raises the error of exit code 5 where the cluster has none of that name."""
        pools = self.cloud.containers.node_pools(self.cluster.id)
        found = next((pool for pool in pools if pool.name == self.options.pool), None)
        if found is None:
            names = ", ".join(pool.name for pool in pools) or "none"
            raise NoSuchCluster(
                f"{self.options.name} has no node pool {self.options.pool}.",
                resolution=f"It has: {names}.",
            )
        self.refuse_foreign(found)
        return found

    def refuse_foreign(self, pool: NodePool) -> None:
        """Raise ConflictError for a pool that ackgpu did not make, in a cluster that it did not."""
        ours = cluster_name_from_tags(self.cluster.tags) or cluster_name_from_tags(pool.tags)
        if not ours:
            raise ConflictError(
                f"The node pool {pool.name} of {self.cluster.id} is not ackgpu's.",
                resolution="ackgpu changes what it made: `nodepool add` makes a pool beside it.",
            )

    def vswitches(self, ids: Sequence[str] = ()) -> list[VSwitch]:
        """The vSwitches of those ids, else the cluster's, in the order of their ids' list."""
        wanted = list(ids or self.cluster.vswitch_ids)
        found = {v.id: v for v in self.cloud.network.vswitches(ids=wanted)}
        return [found[i] for i in wanted if i in found]

    def look(self, steps: Steps, *, removing: bool = False) -> Plan:
        """What the steps find. Raises what stands in the way, but for what is to be removed.

        What was cut off and has failed since is asked for anew.
        """
        plan = survey(steps, self.run)
        failure = _in_the_way(plan, removing=removing)
        # What the earlier run requested has failed since:
        # its tokens would only bring the same answer.
        if failure is not None and self.resumed and not self.options.dry_run:
            self.forget()
            plan = survey(steps, self.run)
            failure = _in_the_way(plan, removing=removing)
        if failure is not None:
            raise failure
        return plan

    def settle(self) -> None:
        """Wait until the cluster takes changes, if it is busy with another one."""
        if self.cluster.state not in SETTLING:
            return
        steps = (RunningCluster(self.cloud, self.cluster.id),)
        text = f"{self.command} · {self.session.where(self.cloud.region)}"
        self.session.apply(self.run, self._headline(text), steps).raise_error()
        self.cluster = self.cloud.containers.cluster(self.cluster.id) or self.cluster

    def forget(self) -> None:
        """Begin anew, as if no earlier run had been cut off."""
        self.resumed = False
        self._journal = self._anew(self._journal)
        self.run = self._run()

    def check(
        self, spec: ClusterSpec, needs: dict[str, int], zones: Sequence[str], only: Sequence[str]
    ) -> None:
        """Preflight for what the change takes; nodes and pools count with those that stand."""
        pools = self.cloud.containers.node_pools(self.cluster.id)
        # Limits of a cluster count all of its nodes, and preflight takes a new one's to be none.
        total = needs | {"nodes": needs.get("nodes", 0) + sum(pool.total for pool in pools)}
        if "node_pools" in needs:
            total["node_pools"] = needs["node_pools"] + len(pools)
        target = Target(spec, self.session.clock, total, total, tuple(zones))
        rules = LimitRules()
        checks = chosen(all_checks(rules), only=only, skip=())
        report = carry_out(target, self.cloud, checks, rules, self.run)
        report.raise_errors(self.options.way_out)
        unknown = tuple(found for found in report.findings if found.severity == "unknown")
        self.doubts = doubts_of(replace(report, findings=unknown))

    def check_growth(self, spec: ClusterSpec, needs: dict[str, int]) -> None:
        """Quotas for more nodes of a pool that exists."""
        self.check(spec, needs, (), ["quota"])

    def shown(self, blueprint: Blueprint, plan: Plan, warnings: Sequence[str] = ()) -> Result:
        """The result of a dry run."""
        part = plan_result(blueprint, plan, Estimate((), ""))
        return Result(
            command=self.command,
            part=part,
            resources=plan.resources,
            warnings=(*warnings, *self.doubts),
        )

    def apply(self, steps: Steps, plan: Plan) -> Outcome:
        """Carry the change out. Raises its first failure."""
        no_wait = frozenset() if self.options.wait else _last_changes(steps)
        return self._carry_out(
            lambda headline: self.session.apply(
                self.run, headline, steps, known=plan, no_wait=no_wait
            )
        )

    def destroy(self, steps: Steps, plan: Plan) -> Outcome:
        """Remove what the plan found. Raises the first failure."""
        no_wait = frozenset() if self.options.wait else frozenset(s.name for s in steps)
        return self._carry_out(
            lambda headline: self.session.destroy(self.run, headline, plan, no_wait=no_wait)
        )

    def result(self, outcome: Outcome, warnings: Sequence[str] = (), *, choice: str = "") -> Result:
        """The cluster's pools as they are in the end; ``choice``: of the type, and why."""
        pools = self.cloud.containers.node_pools(self.cluster.id)
        rows = tuple(pool_row(pool) for pool in pools)
        part = NodePoolList(cluster_name=self.options.name, node_pools=rows, type_choice=choice)
        return self.ended(part, outcome, (*warnings, *self.doubts, *self.unverified()))

    def ended(self, part: Part, outcome: Outcome, warnings: Sequence[str] = ()) -> Result:
        """The result of a change that was carried out."""
        seconds = {r.step.name: r.seconds for r in outcome.reports} | {"total": self.run.elapsed}
        return Result(
            command=self.command,
            part=part,
            resources=outcome.resources,
            warnings=tuple(warnings),
            durations=seconds,
        )

    def planned(self, rows: Sequence[PlanRow], warnings: Sequence[str] = ()) -> Result:
        """The result of a dry run of a change that makes no pool."""
        name, region = self.options.name, self.cloud.region
        part = PlanResult(cluster_name=name, region=region, steps=tuple(rows))
        return Result(command=self.command, part=part, warnings=tuple(warnings))

    def spec_of(self, pool: NodePool, nodes: int) -> tuple[ClusterSpec, Blueprint]:
        """A spec with only this pool, of so many nodes, and its decided form."""
        vswitches = self.vswitches(pool.vswitch_ids)
        spec = spec_of_pool(self.cluster, vswitches, pool, nodes)
        return spec, blueprint_of(spec, self.cluster, vswitches)

    def staying(self, pool: NodePool) -> tuple[StayingInstance, ...]:
        """The instances of a pool that outlive their node."""
        nodes = self.cloud.containers.nodes(self.cluster.id, node_pool_id=pool.id)
        return staying_instances(self.cloud, nodes)

    def confirm(self, question: str) -> None:
        """Ask, unless told not to. Raises UsageError where the answer is not yes."""
        if not self.options.yes and not self.session.streams.confirm(question):
            raise UsageError("Nothing was changed: the answer was not yes.")

    def refuse_asleep(self) -> None:
        """Raise ConflictError for a cluster that sleeps: waking gives it back what it had."""
        if is_asleep(self.cluster.tags):
            raise ConflictError(
                f"{self.options.name} sleeps, or is on its way: it is changed once it is awake.",
                resolution=f"`ackgpu wake {self.options.name}` wakes it.",
            )

    def refuse_autoscaled(self, pool: NodePool, what: str) -> None:
        """Raise ConflictError where the pool scales itself (CS API reference)."""
        if pool.auto_scaling.enabled:
            bounds = f"{pool.auto_scaling.least} to {pool.auto_scaling.most}"
            raise ConflictError(
                f"The node pool {pool.name} scales itself ({bounds} nodes): {what}.",
                resolution=f"`ackgpu nodepool update {self.options.name} {pool.name}"
                f" {flag.NO_AUTOSCALING}` switches its autoscaling off.",
            )

    def unverified(self) -> tuple[str, ...]:
        """The warning if the API server is out of reach from here, and no GPU was looked at."""
        if self.cluster.public_endpoint:
            return ()
        verify = self.session.command(f"verify {self.options.name} {flag.PRIVATE}")
        message = (
            "The API server has no public endpoint, so the GPUs were not verified from here. From a"
            f" machine in the VPC: `{verify}`."
        )
        return (message,)

    def _anew(self, journal: Journal) -> Journal:
        """An empty journal in the place of one that is of no use."""
        if self.options.dry_run:
            return Journal(None, self.session.clock)
        journal.discard()
        return Journal(journal.path, self.session.clock)

    def _run(self) -> Run:
        return self.session.run(
            self._journal,
            name=self.options.name,
            region=self.cloud.region,
            timeout=self.session.timeout_of(self.options.timeout),
            run_id=self._journal.run,
        )

    def _headline(self, text: str) -> Headline:
        return Headline(cast("Verb", self.command.partition(" ")[0]), self.options.name, text)

    def _carry_out(self, work: Callable[[Headline], Outcome]) -> Outcome:
        self.session.begin(self._journal, self._key, **self.facts)
        words = f"{self.headline} · " if self.headline != self.command else ""
        outcome = work(self._headline(f"{words}{self.session.where(self.cloud.region)}"))
        error = outcome.error
        # Only these are gone on with; any other end would be met again by the same words.
        if isinstance(error, Interrupted | TimedOut):
            self._journal.close()
        else:
            self._journal.discard()
        if error is None:
            return outcome
        if not isinstance(error, Interrupted):
            error = self._removed_meanwhile() or error
        again = self.session.same_again()
        remedied = isinstance(error, AckGpuError) and bool(error.resolution)
        if isinstance(error, AckGpuError):
            error.resolution = error.resolution or again
        with_aftermath(
            self.session, self.run, error, outcome, name=self.cluster.name,
            region=self.cloud.region, way_on="" if remedied else again,
        )  # fmt: skip
        raise error

    def _removed_meanwhile(self) -> ConflictError | None:
        """The error of a change whose cluster, or pool, somebody else removes at the same time."""
        try:
            gone = removed_meanwhile(self.cloud, self.cluster)
            pools = [] if gone else self.cloud.containers.node_pools(self.cluster.id)
        except CloudError:
            return None
        name = self.options.pool
        # One makes the pool and the other removes it: its absence says nothing there.
        if gone or not name or self.command in {"nodepool add", "nodepool delete"}:
            return gone
        if any(pool.name == name and pool.state != "deleting" for pool in pools):
            return None
        return ConflictError(
            f"The node pool {name} of {self.options.name} is gone: somebody else removed it.",
            resolution=f"`ackgpu nodepool list {self.options.name}` shows what there is.",
        )


@contextmanager
def changing(
    session: Session, options: ChangeOptions, command: str, key: str
) -> Iterator[ClusterChange]:
    """A change of the cluster, which is held for this process meanwhile."""
    with session.locked(session.cloud(options.region).region, options.name):
        yield ClusterChange(session, options, command, key)


def cluster_of(cloud: Cloud, name: str) -> Cluster:
    """Our cluster of that name, or any cluster by its id: its pools can be added to.

    Raises the error of exit code 5 where there is none.
    """
    try:
        return cluster_named(cloud, name)
    except NoSuchCluster:
        found = cloud.containers.cluster(name) if _CLUSTER_ID.fullmatch(name) else None
        if found is None or found.region != cloud.region:
            raise
        return found


def _in_the_way(plan: Plan, *, removing: bool) -> Exception | None:
    for planned in plan.steps:
        if isinstance(planned.finding, Broken) and (planned.step.checks or not removing):
            return planned.finding.error
    return None


def _last_changes(steps: Steps) -> frozenset[str]:
    """The names of the changes that no other change waits for: what need not be waited for."""
    needed: set[str] = set()
    for step in reversed(steps):
        if not step.checks or step.name in needed:
            needed |= {need.name for need in step.needs}
    return frozenset(step.name for step in steps if not step.checks and step.name not in needed)
