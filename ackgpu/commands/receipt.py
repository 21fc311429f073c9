"""What a deletion is going to do, and what it came to: nothing is asked of the cloud here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ackgpu.cloud.api import ClusterResource, NodePool
from ackgpu.engine.plan import Plan, PlannedStep
from ackgpu.engine.run import Outcome, StepReport
from ackgpu.engine.step import Absent, Broken, Ready, Resource
from ackgpu.errors import AckGpuError
from ackgpu.render.results import DeletePreview, DeleteResult, Retained
from ackgpu.steps.cluster import by_ack
from ackgpu.steps.discover import Estate
from ackgpu.steps.removal import ACK_TYPES
from ackgpu.steps.strangers import Stranger

UNFINISHED = frozenset({"left", "failed"})
KEPT_BY_ACK = "DeleteCluster keeps it, whatever it is told"


def preview_of(
    estate: Estate,
    plan: Plan,
    pools: Sequence[NodePool],
    retain: Sequence[str],
    strangers: Sequence[Stranger],
) -> DeletePreview:
    """What goes and what stays, the cluster first."""
    stays = [p for p in plan.steps if _stays(p)]
    goes = [p for p in reversed(plan.steps) if p not in stays and not isinstance(p.finding, Absent)]
    rows = [row for row in _unreadable(estate) if row.id not in retain]
    along = [f"{_called(row)} goes along with the cluster" for row in rows if _goes(row)]
    return DeletePreview(
        cluster_name=estate.name,
        id=", ".join(cluster.id for cluster in estate.clusters),
        region=estate.region,
        removes=(
            *(f"{p.step.name} {p.id}".strip() for p in goes),
            *(f"node pool {pool.name} ({pool.total} instances)" for pool in pools),
        ),
        keeps=(
            *(f"{p.step.name} {p.id}: {_reason(p, retain)}" for p in stays),
            *(f"{_called(row)}: {KEPT_BY_ACK}" for row in rows if not _goes(row)),
            *(f"{named(s)}: {s.why(estate.name)}" for s in strangers),
        ),
        notes=tuple(along),
    )


def named(stranger: Stranger) -> str:
    """Its kind, id and name, in words."""
    resource = stranger.resource
    return f"{resource.type} {resource.id} {resource.name}".strip()


def occupied(strangers: Sequence[Stranger], name: str) -> dict[str, list[str]]:
    """What the strangers live in, by id, with who it is and why it stays."""
    held: dict[str, list[str]] = {}
    for stranger in strangers:
        for home in sorted(stranger.homes):
            held.setdefault(home, []).append(f"{named(stranger)} ({stranger.why(name)})")
    return held


def unknown_to(estate: Estate, strangers: Sequence[Stranger], retain: Sequence[str]) -> list[str]:
    """The ids among ``retain`` that nothing of the cluster has."""
    known = {*estate.ids, *(row.id for row in estate.by_ack), *(s.id for s in strangers)}
    return [id_ for id_ in retain if id_ not in known]


def receipt_of(
    estate: Estate, outcome: Outcome, retain: Sequence[str], strangers: Sequence[Stranger]
) -> dict[str, Any]:
    """The fields of :class:`~ackgpu.render.results.DeleteResult` that say where everything is."""
    kept = [r for r in outcome.reports if r.status == "kept"]
    went = [r for r in outcome.reports if r.status == "gone"]
    unread = [row for row in _unreadable(estate) if row.id not in retain]
    stays = [by_ack(row, estate.region) for row in unread if not _goes(row)]
    return {
        "region": estate.region,
        "gone": _unique(went, without=[row.id for row in unread]),
        "retained": (
            *(Retained(resource=r, why=_why(r.id, retain)) for r in _unique(kept)),
            *(Retained(resource=r, why=KEPT_BY_ACK) for r in stays),
        ),
        "left": (*leftovers(outcome), *(s.resource for s in strangers if s.disowned)),
        "unread": tuple(by_ack(row, estate.region) for row in unread if _goes(row)),
    }


def leftovers(outcome: Outcome) -> tuple[Resource, ...]:
    """What a deletion could not remove."""
    return _unique([report for report in outcome.reports if report.status in UNFINISHED])


def told_of(outcome: Outcome) -> list[str]:
    """A line on each thing that a deletion could not remove, with why where that is known."""
    lines = {}
    for report in outcome.reports:
        if report.status in UNFINISHED:
            why = report.error.message if isinstance(report.error, AckGpuError) else ""
            for resource in report.resources:
                lines[resource.id] = f"{resource.type} {resource.id}" + (f": {why}" if why else "")
    return list(lines.values())


def not_waited(estate: Estate, outcome: Outcome, *, again: str) -> DeleteResult:
    """The part of a deletion that goes on without us; ``again`` is the command for the rest."""
    return DeleteResult(
        cluster_name=estate.name,
        region=estate.region,
        waited=False,
        seconds=outcome.seconds,
        next_commands=(again,),
    )


def _unique(reports: Sequence[StepReport], without: Sequence[str] = ()) -> tuple[Resource, ...]:
    resources = {r.id: r for report in reports for r in report.resources if r.id not in without}
    return tuple(resources.values())


def _stays(planned: PlannedStep) -> bool:
    given = isinstance(planned.finding, Ready) and planned.finding.ownership == "given"
    return given or (isinstance(planned.finding, Broken) and planned.step.kind != "cluster")


def _reason(planned: PlannedStep, retain: Sequence[str]) -> str:
    if isinstance(planned.finding, Broken):
        return str(planned.finding.error)
    return _why(planned.id, retain)


def _why(resource_id: str, retain: Sequence[str]) -> str:
    if resource_id in retain:
        return "--retain"
    return "what is retained needs it" if retain else "not made by ackgpu"


def _goes(row: ClusterResource) -> bool:
    """Whether DeleteCluster takes it, by default or since it is told to for its type."""
    return row.delete_by_default or row.delete_changeable


def _called(row: ClusterResource) -> str:
    return f"{row.type.split('::')[-1]} {row.id}"


def _unreadable(estate: Estate) -> list[ClusterResource]:
    return [row for row in estate.by_ack if row.type not in ACK_TYPES]
