"""What a deletion is going to do, and what it came to: nothing is asked of the cloud here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ackgpu import flag
from ackgpu.cloud.api import ClusterResource
from ackgpu.engine.plan import Plan, PlannedStep
from ackgpu.engine.run import Outcome, StepReport
from ackgpu.engine.step import Absent, Broken, Ready, Resource
from ackgpu.errors import AckGpuError
from ackgpu.inventory.blockers import Blocker
from ackgpu.inventory.inventory import Inventory
from ackgpu.inventory.resources import NOT_LOOKED_FOR, by_ack
from ackgpu.render.deletions import DeletePreview, DeleteResult, Retained
from ackgpu.render.words import count
from ackgpu.steps.removal import READ_BACK

UNFINISHED = frozenset({"left", "failed"})
GOES = "deleted with the cluster, and of a kind that ackgpu does not read back"
KEPT_BY_ACK = "DeleteCluster keeps it, whatever it is told"


def preview_of(
    inventory: Inventory,
    plan: Plan,
    pools: Mapping[str, int],
    retain: Sequence[str],
    blockers: Sequence[Blocker],
) -> DeletePreview:
    """What is deleted and what stays, the cluster first.

    ``pools``: how many instances are released with each.
    """
    stays = [p for p in plan.steps if _stays(p)]
    goes = [p for p in reversed(plan.steps) if p not in stays and not isinstance(p.finding, Absent)]
    rows = [row for row in _unreadable(inventory) if row.id not in retain]
    along = [f"{_called(row)}: {NOT_LOOKED_FOR.get(row.type, GOES)}" for row in rows if _goes(row)]
    return DeletePreview(
        cluster_name=inventory.name,
        id=", ".join(cluster.id for cluster in inventory.clusters),
        region=inventory.region,
        removes=(
            *(f"{p.step.name} {p.id}".strip() for p in goes),
            *(f"node pool {pool} ({count(number, 'instance')})" for pool, number in pools.items()),
        ),
        keeps=(
            *(f"{p.step.name} {p.id}: {_reason(p, retain)}" for p in stays),
            *(f"{_called(row)}: {KEPT_BY_ACK}" for row in rows if not _goes(row)),
            *(f"{named(s)}: {s.why(inventory.name)}" for s in blockers),
        ),
        notes=tuple(along),
        counted=tuple({r.id: r for p in goes for r in p.resources}.values()),
    )


def named(blocker: Blocker) -> str:
    """Its kind, id and name, in words."""
    resource = blocker.resource
    return f"{resource.type} {resource.id} {resource.name}".strip()


def occupied(blockers: Sequence[Blocker], name: str) -> dict[str, list[str]]:
    """What the blockers live in, by id, with who it is and why it stays."""
    held: dict[str, list[str]] = {}
    for blocker in blockers:
        for home in sorted(blocker.homes):
            held.setdefault(home, []).append(f"{named(blocker)} ({blocker.why(name)})")
    return held


def unknown_to(
    inventory: Inventory, blockers: Sequence[Blocker], retain: Sequence[str]
) -> list[str]:
    """The ids among ``retain`` that nothing of the cluster has."""
    known = {*inventory.ids, *(row.id for row in inventory.by_ack), *(s.id for s in blockers)}
    return [id_ for id_ in retain if id_ not in known]


def receipt_of(
    inventory: Inventory, outcome: Outcome, retain: Sequence[str], blockers: Sequence[Blocker]
) -> dict[str, Any]:
    """The fields of :class:`~ackgpu.render.results.DeleteResult` that say where everything is."""
    kept = [r for r in outcome.reports if r.status == "kept"]
    went = [r for r in outcome.reports if r.status == "gone"]
    unread = [row for row in _unreadable(inventory) if row.id not in retain]
    stays = [by_ack(row, inventory.region) for row in unread if not _goes(row)]
    return {
        "region": inventory.region,
        "gone": _unique(went, without=[row.id for row in unread]),
        "retained": (
            *(Retained(resource=r, why=_why(r.id, retain)) for r in _unique(kept)),
            *(Retained(resource=r, why=KEPT_BY_ACK) for r in stays),
        ),
        "left": (*leftovers(outcome), *(s.resource for s in blockers if s.untagged)),
        "unread": tuple(by_ack(row, inventory.region) for row in unread if _goes(row)),
    }


def after_deletion(outcome: Outcome) -> tuple[Resource, ...]:
    """Everything that was looked at, each once; what is gone has that state, and costs no more."""
    found: dict[str, Resource] = {}
    for report in outcome.reports:
        for resource in report.resources:
            if report.status == "gone":
                found[resource.id] = replace(resource, state="deleted", billable=False)
            else:
                found.setdefault(resource.id, resource)
    return tuple(found.values())


def leftovers(outcome: Outcome) -> tuple[Resource, ...]:
    """What a deletion could not remove."""
    return _unique([report for report in outcome.reports if report.status in UNFINISHED])


def told_of(outcome: Outcome) -> dict[str, str]:
    """A line on each thing that a deletion could not remove, with why if that is known, by id."""
    lines = {}
    for report in outcome.reports:
        if report.status in UNFINISHED:
            why = report.error.message if isinstance(report.error, AckGpuError) else ""
            things = {r.id: f"{r.type} {r.id}" for r in report.resources}
            for id_, thing in (things or {report.id or report.step.name: report.step.name}).items():
                lines[id_] = f"{thing}: {why}" if why else thing
    return lines


def not_waited(inventory: Inventory, outcome: Outcome, *, again: str) -> DeleteResult:
    """The part of a deletion that goes on without us; ``again`` is the command for the rest."""
    clusters = {cluster.id for cluster in inventory.clusters}
    return DeleteResult(
        cluster_name=inventory.name,
        region=inventory.region,
        complete=False,
        waited=False,
        left=tuple(resource for resource in leftovers(outcome) if resource.id not in clusters),
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
        return flag.RETAIN
    return "what is retained needs it" if retain else "not made by ackgpu"


def _goes(row: ClusterResource) -> bool:
    """Whether DeleteCluster takes it, by default or since it is told to for its type."""
    return row.delete_by_default or row.delete_changeable


def _called(row: ClusterResource) -> str:
    return f"{row.type.split('::')[-1]} {row.id}"


def _unreadable(inventory: Inventory) -> list[ClusterResource]:
    return [row for row in inventory.by_ack if row.type not in READ_BACK]
