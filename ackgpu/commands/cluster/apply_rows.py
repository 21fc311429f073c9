"""The differences between a file and a cluster, as the rows that ``apply`` shows and asks about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ackgpu import flag
from ackgpu.cloud.api import NodePool
from ackgpu.engine.plan import Plan, PlannedStep
from ackgpu.engine.step import Drift, Pending
from ackgpu.naming import format_instant
from ackgpu.render.changes import ChangeRow
from ackgpu.render.words import count
from ackgpu.spec.in_place import way_of
from ackgpu.spec.model import ClusterSpec
from ackgpu.steps.apply_graph import TTL

POOL = "nodePools["


@dataclass(frozen=True)
class Compared:
    """What is looked at to tell the changes. ``pools``: the cluster's, by name.

    ``expires``: the end that a new ttl comes to. ``prune``: further pools are deleted.
    """

    spec: ClusterSpec
    plan: Plan
    drift: Sequence[Drift]
    pools: Mapping[str, NodePool]
    expires: datetime | None
    prune: bool

    @property
    def further(self) -> list[NodePool]:
        """The pools that the file does not have."""
        names = [d.field[len(POOL) : -1] for d in self.drift if _is_whole_pool(d)]
        return [self.pools[name] for name in names if name in self.pools]


def rows_of(compared: Compared) -> tuple[ChangeRow, ...]:
    """Settings that differ, then what is still to be made."""
    return (*_settings(compared), *_things(compared))


def refusals(drift: Sequence[Drift], file: str) -> list[str]:
    """What cannot be changed, each with why and the way."""
    ways = ((d, way_of(d.field, d.wanted, found=d.found, file=file)) for d in drift)
    return [f"{d.field}: {d.found} → {d.wanted}: {way}" for d, way in ways if way]


def _settings(compared: Compared) -> Iterator[ChangeRow]:
    for each in compared.drift:
        if _is_whole_pool(each):
            yield _further_pool(each, compared)
        elif way_of(each.field, each.wanted, found=each.found, file=""):
            note = "cannot be changed in place"
            yield ChangeRow(action="refuse", setting=each.field, before=each.found,
                            after=each.wanted, note=note)  # fmt: skip
        else:
            yield ChangeRow(action="change", setting=each.field, before=each.found,
                            after=each.wanted, note=_note(each, compared))  # fmt: skip
            yield from _fixed_size(each, compared)


def _further_pool(drift: Drift, compared: Compared) -> ChangeRow:
    if compared.prune:
        return ChangeRow(action="remove", setting=drift.field, before=drift.found)
    note = f"only with {flag.PRUNE}"
    return ChangeRow(action="leave", setting=drift.field, before=drift.found, note=note)


def _note(drift: Drift, compared: Compared) -> str:
    if drift.field == TTL and compared.expires is not None:
        return f"expires {format_instant(compared.expires)}"
    if drift.field.endswith(".desiredSize"):
        more = int(drift.wanted) - int(drift.found)
        return f"{count(abs(more), 'node')} {'more' if more > 0 else 'less'}"
    return ""


def _fixed_size(drift: Drift, compared: Compared) -> Iterator[ChangeRow]:
    """A pool that scaled itself gets the size of the file, which no difference tells."""
    if not drift.field.endswith("].autoScaling.enable"):
        return
    name = drift.field[len(POOL) : drift.field.index("]")]
    wanted = next(p.desired_size for p in compared.spec.node_pools if p.name == name)
    has = compared.pools[name].total if name in compared.pools else wanted
    if wanted != has:
        key = f"{POOL}{name}].desiredSize"
        yield ChangeRow(action="change", setting=key, before=str(has), after=str(wanted))


def _things(compared: Compared) -> Iterator[ChangeRow]:
    made = {p.step.name for p in compared.plan.steps if p.action == "CREATE"}
    for planned in compared.plan.steps:
        behind = any(need.name in made for need in planned.step.needs)
        if planned.action == "CREATE":
            yield ChangeRow(action="add", setting=_named(planned), after=planned.step.title)
        elif planned.action == "CHANGE" and not behind:
            before, after = _bounds(planned, compared), planned.step.title
            yield ChangeRow(action="change", setting=_named(planned), before=before, after=after)
        elif planned.action == "WAIT" and isinstance(planned.finding, Pending):
            yield ChangeRow(action="wait", setting=_named(planned), after=planned.finding.detail)


def _named(planned: PlannedStep) -> str:
    """What a step is about, by the key of the file if there is one."""
    kind, name = planned.step.kind, planned.step.name
    pool = name.rpartition(" ")[2]
    keys = {"node pool": f"{POOL}{pool}]", "autoscaling": f"{POOL}{pool}].autoScaling"}
    return keys.get(kind, name)


def _bounds(planned: PlannedStep, compared: Compared) -> str:
    if planned.step.kind != "autoscaling":
        return ""
    pool = compared.pools.get(planned.step.name.rpartition(" ")[2])
    if pool is None or not pool.auto_scaling.enabled:
        return "off"
    bounds = pool.auto_scaling
    return f"{bounds.least} to {bounds.most} nodes"


def _is_whole_pool(drift: Drift) -> bool:
    return drift.field.startswith(POOL) and drift.field.endswith("]")
