"""``apply``: make a cluster that stands what its file says, as far as that can be changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from ackgpu import flag
from ackgpu.commands.cluster.apply_growth import check_growth, price_more
from ackgpu.commands.cluster.apply_rows import Compared, refusals, rows_of
from ackgpu.commands.cluster.build_plan import decided, differences, quoted, refuse_broken
from ackgpu.commands.cluster.operation import ChangeOptions, ClusterChange
from ackgpu.commands.cluster.plan import CHANGES_PENDING
from ackgpu.commands.load_spec import RequestedSpec, SpecOptions, load_spec
from ackgpu.commands.nodepool.size import left_behind, told_of_staying
from ackgpu.engine.plan import Plan, survey
from ackgpu.engine.run import Outcome
from ackgpu.engine.step import Ready
from ackgpu.errors import AckGpuError, ConflictError, NoSuchCluster
from ackgpu.inventory.owned import holdings
from ackgpu.naming import EXPIRES_TAG, HOLD_TAG, TAG_PREFIX, TTL_TAG, format_instant
from ackgpu.render.changes import ChangeRow, Changes
from ackgpu.render.results import Result
from ackgpu.session import Session
from ackgpu.spec import durations
from ackgpu.spec.flags import SpecFlags
from ackgpu.spec.model import ClusterSpec, document_of
from ackgpu.steps.apply_graph import TAGS, TTL, ClusterDifference, apply_graph, base_graph
from ackgpu.steps.blueprint import Blueprint
from ackgpu.steps.cluster_change import TagChange
from ackgpu.steps.cluster_drift import uncompared
from ackgpu.steps.graph_of import Ports
from ackgpu.steps.pool_change import PoolRemoval
from ackgpu.steps.running_cluster import RunningCluster
from ackgpu.steps.staying_instances import StayingInstance, staying_instances

PROVE = "prove"
"""Under it a run that was cut off finds the pools that it was to prove."""


@dataclass(frozen=True, kw_only=True)
class ApplyOptions:
    """The options of ``apply``. ``prune``: pools that the file does not have are deleted.

    ``content`` is the text of a file that lies nowhere.
    """

    file: Path | None = None
    content: bytes | None = None
    prune: bool = False
    dry_run: bool = False
    detailed_exitcode: bool = False
    yes: bool = False


def execute(options: ApplyOptions, session: Session) -> Result:
    """Show what differs, ask, and change it; again, it goes on."""
    want = load_spec(
        SpecOptions(flags=SpecFlags(), file=options.file, content=options.content), session
    )
    with session.locked(want.spec.region, want.spec.name):
        return _Application(options, want, session).carry_out()


@dataclass(frozen=True)
class _Look:
    """What was found: the blueprint, the steps of ``create``, and how the cluster differs."""

    blueprint: Blueprint
    plan: Plan
    compared: Compared
    rows: tuple[ChangeRow, ...]

    @property
    def pending(self) -> bool:
        return any(row.pending for row in self.rows)

    @property
    def grown(self) -> tuple[str, ...]:
        """The pools that get nodes: new ones, larger ones, and those whose nodes are on the way."""
        spec, pools = self.blueprint.spec, self.compared.pools
        waited = {p.step.name for p in self.plan.steps if p.action in {"CREATE", "WAIT"}}
        return tuple(
            pool.name
            for pool in spec.node_pools
            if f"node pool {pool.name}" in waited
            or pool.node_count > max(pools[pool.name].total, pools[pool.name].desired)
        )


class _Application:
    """One apply of the file to its cluster."""

    def __init__(self, options: ApplyOptions, want: RequestedSpec, session: Session) -> None:
        self._options = options
        self._want = want
        self._spec: ClusterSpec = want.spec
        self._session = session
        self._file = quoted(options.file or Path("cluster.yaml"), want.spec.name)
        self._change = self._begin()
        self._change.headline = f"from {self._file}"
        self._expires: datetime | None = None

    def carry_out(self) -> Result:
        change, dry = self._change, self._options.dry_run
        if not dry:
            change.settle()
        look = self._look()
        if look.plan.count("CREATE") and not (dry or change.resumed):
            # That a part is not there is believed after a second look: one list may be short.
            self._session.until(change.run, change.run.believable)
            look = self._look()
        part = self._part(look)
        refused = refusals(look.compared.drift, self._file)
        if refused:
            error = ConflictError(
                f"{self._spec.name} cannot be made what the file says: nothing was changed.",
                details=refused,
                resolution="Change these settings of the file to what exists, or do as is said"
                " with each.",
            )
            return self._result(look, part, error=error)
        prove = self._to_prove(look)
        if not (look.pending or prove):
            change.forget()
            return self._result(look, part)
        check_growth(change, look.blueprint, look.plan, look.compared)
        part = replace(part, price_more=price_more(change, look.blueprint, look.compared))
        if dry:
            # As `terraform plan -detailed-exitcode` has it.
            code = CHANGES_PENDING if self._options.detailed_exitcode else 0
            return replace(self._result(look, part), exit_code=code)
        # Before the question: they are billed on, and afterwards no node leads to them.
        staying = self._staying(look)
        self._ask(part, staying)
        outcome = self._apply(look, prove)
        # Last of all: pods may move to the new pools first.
        left = self._prune(look, staying)
        done = replace(part, applied=True, seconds=change.run.elapsed)
        return self._result(look, done, outcome=outcome, error=left)

    def _begin(self) -> ClusterChange:
        """The change of the cluster. Raises the errors of exit codes 5 and 6."""
        spec, options = self._spec, self._options
        timeout = durations.format_seconds(spec.lifecycle.timeout)
        asked = ChangeOptions(name=spec.name, region=spec.region, timeout=timeout,
                              dry_run=options.dry_run, yes=options.yes)  # fmt: skip
        # A run that was cut off is gone on with only by
        # the same file: another one asks for other things.
        document = json.dumps([document_of(spec), options.prune], sort_keys=True)
        key = f"apply {hashlib.sha256(document.encode()).hexdigest()[:12]}"
        try:
            change = ClusterChange(self._session, asked, "apply", key)
        except NoSuchCluster as error:
            error.resolution = f"`ackgpu create -f {self._file}` makes it."
            raise
        if change.cluster.state in {"deleting", "delete_failed"}:
            raise ConflictError(
                f"{spec.name} is being deleted: it takes no changes any more.",
                resolution=f"`ackgpu wait NAME {flag.FOR} deleted` waits for its end.",
            )
        change.refuse_asleep()
        return change

    def _look(self) -> _Look:
        session, change = self._session, self._change
        ttl = self._spec.lifecycle.ttl
        self._expires = session.clock.after(ttl) if ttl else None
        blueprint = decided(session, self._spec, change.run)
        blueprint = replace(blueprint, fixed_tags=self._tags_of_new())
        plan = survey(base_graph(self._ports(), blueprint), change.run)
        refuse_broken(plan)
        found = change.cloud.containers.node_pools(change.cluster.id)
        compared = Compared(
            spec=blueprint.spec,
            plan=plan,
            drift=differences(session, change.run, blueprint, plan),
            pools={pool.name: pool for pool in found},
            expires=self._expires,
            prune=self._options.prune,
        )
        return _Look(blueprint, plan, compared, rows_of(compared))

    def _tags_of_new(self) -> dict[str, str]:
        """What is made now carries what the cluster carries of ours."""
        has = self._change.cluster.tags
        ours = {key: value for key, value in has.items() if key.startswith(TAG_PREFIX)}
        return {**self._spec.metadata.tags, **ours, **self._lifetime()}

    def _lifetime(self) -> dict[str, str]:
        """The tags of another ttl than the cluster has; empty if it is the same, or none."""
        ttl = self._spec.lifecycle.ttl
        wanted_ttl = durations.format_seconds(ttl) if ttl else ""
        if self._expires is None or self._change.cluster.tags.get(TTL_TAG) == wanted_ttl:
            return {}
        expires = format_instant(self._expires)
        return {TTL_TAG: wanted_ttl, EXPIRES_TAG: expires, HOLD_TAG: "false"}

    def _to_prove(self, look: _Look) -> tuple[str, ...]:
        earlier = self._change.facts.get(PROVE, "") if self._change.resumed else ""
        names = {pool.name for pool in self._spec.node_pools}
        noted = [name for name in earlier.split(",") if name in names]
        return tuple(dict.fromkeys((*noted, *look.grown)))

    def _ports(self) -> Ports:
        session = self._session
        registry = session.settings.image_registry
        return Ports(self._change.cloud, session.connect, session.kubeconfig(None), registry)

    def _part(self, look: _Look) -> Changes:
        return Changes(
            cluster_name=self._spec.name,
            region=self._spec.region,
            source=self._file,
            changes=look.rows,
        )

    def _ask(self, part: Changes, staying: Sequence[tuple[Any, Sequence[StayingInstance]]]) -> None:
        if self._options.yes:
            return
        self._session.display.preview(part)
        told = told_of_staying([instance for _, each in staying for instance in each])
        self._change.confirm(" ".join((*told, f"Make these changes to {self._spec.name}?")))

    def _apply(self, look: _Look, prove: Sequence[str]) -> Outcome | None:
        if not any(row.pending and row.action != "remove" for row in look.rows) and not prove:
            return None
        compared = look.compared
        differs = [d.field for d in compared.drift]
        tags = {f.removeprefix(TAGS) for f in differs if f.startswith(TAGS)}
        wanted_tags = {key: self._spec.metadata.tags[key] for key in sorted(tags)}
        standing = ClusterDifference(
            ports=self._ports(),
            cluster=self._change.cluster,
            pools=tuple(compared.pools.values()),
            drift=compared.drift,
            tags=self._tagging(wanted_tags, tuple(wanted_tags)),
            lifetime=self._tagging(self._lifetime(), (TTL_TAG,)) if TTL in differs else None,
        )
        self._change.facts[PROVE] = ",".join(prove)
        steps = apply_graph(standing, look.blueprint, prove)
        return self._change.apply(steps, _undisputed(look.plan))

    def _tagging(self, tags: dict[str, str], shown_by: tuple[str, ...]) -> TagChange | None:
        if not tags:
            return None
        found = holdings(self._change.cloud, self._session.reading(), name=self._spec.name)
        return TagChange(tags, shown_by, [item for holding in found for item in holding.items])

    def _staying(self, look: _Look) -> list[tuple[Any, Sequence[StayingInstance]]]:
        """Instances that outlive their node, of pools that lose some."""
        change = self._change
        shrunk = [
            look.compared.pools[pool.name]
            for pool in self._spec.node_pools
            if pool.name in look.compared.pools
            and pool.node_count < look.compared.pools[pool.name].total
        ]
        losing = [*shrunk, *(look.compared.further if self._options.prune else ())]
        nodes = change.cloud.containers.nodes
        found = [(p, nodes(change.cluster.id, node_pool_id=p.id)) for p in losing]
        return [(pool, staying_instances(change.cloud, rows)) for pool, rows in found]

    def _prune(
        self, look: _Look, staying: Sequence[tuple[Any, Sequence[StayingInstance]]]
    ) -> AckGpuError | None:
        """Delete the pools that the file does not have; what outlived its node, as an error."""
        change = self._change
        going = look.compared.further if self._options.prune else []
        if going:
            running = RunningCluster(change.cloud, change.cluster.id)
            cluster_id = change.cluster.id
            removals = [
                PoolRemoval(change.cloud, cluster_id, name=pool.name, pool_id=pool.id)
                for pool in going
            ]
            steps = (running, *removals)
            change.destroy(steps, change.look(steps, removing=True))
        left = [left_behind(change, pool, each) for pool, each in staying]
        return next(filter(None, left), None)

    def _result(
        self,
        look: _Look,
        part: Changes,
        *,
        outcome: Outcome | None = None,
        error: AckGpuError | None = None,
    ) -> Result:
        reports = outcome.reports if outcome else ()
        seconds = {report.step.name: report.seconds for report in reports}
        return Result(
            command="apply",
            part=part,
            resources=outcome.resources if outcome else look.plan.resources,
            warnings=(
                *self._want.warnings,
                *uncompared(self._spec, look.plan),
                *self._change.doubts,
                *self._about_the_endpoint(look, made=outcome is not None),
            ),
            durations=seconds | {"total": self._change.run.elapsed},
            error=self._session.complete(error),
        )

    def _about_the_endpoint(self, look: _Look, *, made: bool) -> tuple[str, ...]:
        """That a kubeconfig names the endpoint that the cluster had."""
        moved = any(row.setting == "cluster.endpointPublicAccess" for row in look.rows)
        if not (made and moved):
            return ()
        private = "" if self._spec.cluster.endpoint_public_access else f" {flag.PRIVATE}"
        write = self._session.command(f"kubeconfig write {self._spec.name}{private}")
        return (f"The kubeconfig still has the earlier endpoint: `{write}`.",)


def _undisputed(plan: Plan) -> Plan:
    """What was found and differs from the spec in nothing: the rest is looked at again."""
    kept = tuple(
        planned
        for planned in plan.steps
        if not (isinstance(planned.finding, Ready) and planned.finding.drift)
    )
    return Plan(kept, plan.values)
