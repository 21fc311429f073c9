"""``nodepool update``: a pool's labels, taints and bounds, in place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ackgpu import flag
from ackgpu.cloud.api import AutoScaling, NodePool
from ackgpu.commands.cluster.operation import ChangeOptions, ClusterChange, changing
from ackgpu.commands.nodepool.size import check_quota
from ackgpu.commands.nodepool.spec import checked_spec, label_of, standing_document, taint_of
from ackgpu.errors import UsageError
from ackgpu.render.changes import ChangeRow, Changes
from ackgpu.render.results import Result
from ackgpu.session import Session
from ackgpu.steps.pool_graph import PoolWishes, update_graph

Taint = tuple[str, str, str]
KIND = "gpu"
"""How a pool scales itself that never did (CS API reference, auto_scaling.type)."""


@dataclass(frozen=True, kw_only=True)
class UpdateOptions(ChangeOptions):
    """The options of ``nodepool update``.

    ``labels`` and ``taints`` as kubectl has them: ``key=value`` and ``key=value:NoSchedule`` set
    one, ``key-`` removes it. ``scales``: whether the pool scales itself from now on; None leaves
    that, unless a bound is given.
    """

    labels: tuple[str, ...] = ()
    taints: tuple[str, ...] = ()
    least: int | None = None
    most: int | None = None
    scales: bool | None = None

    @property
    def bounded(self) -> bool:
        """Whether a bound is given."""
        return self.least is not None or self.most is not None


def update(options: UpdateOptions, session: Session) -> Result:
    """Show what differs, ask, and change it."""
    _refuse_nonsense(options)
    cloud = session.cloud()
    with changing(session, options, "nodepool update", f"update {options.pool}") as change:
        change.refuse_asleep()
        if not options.dry_run:
            change.settle()
        pool = change.pool()
        wishes = PoolWishes(
            labels=_labels(options, pool),
            taints=_taints(options, pool),
            bounds=_bounds(options, pool),
            nodes=_nodes(options, pool),
        )
        _check(change, pool, wishes)
        rows = tuple(_rows(pool, wishes))
        part = Changes(
            cluster_name=options.name,
            region=cloud.region,
            source="the command line",
            changes=rows,
        )
        result = Result(command=change.command, part=part)
        if not rows or options.dry_run:
            return result
        if wishes.bounds.enabled and wishes.bounds.least > pool.total:
            check_quota(change, pool, wishes.bounds.least - pool.total)
        if not options.yes:
            session.display.preview(part)
            change.confirm(f"Make these changes to the node pool {pool.name}?")
        steps = update_graph(change.standing, pool, wishes)
        outcome = change.apply(steps, change.look(steps))
        return Result(
            command=change.command,
            part=replace(part, applied=True, seconds=change.run.elapsed),
            resources=outcome.resources,
            durations={report.step.name: report.seconds for report in outcome.reports},
        )


def _refuse_nonsense(options: UpdateOptions) -> None:
    if options.scales is False and options.bounded:
        raise UsageError(f"{flag.NO_AUTOSCALING} takes neither {flag.MIN} nor {flag.MAX}.")
    if options.scales is None and not (options.bounded or options.labels or options.taints):
        raise UsageError(
            "There is nothing to change.",
            resolution=f"Give {flag.LABEL}, {flag.TAINT}, {flag.MIN} and {flag.MAX},"
            f" or {flag.NO_AUTOSCALING}; `ackgpu nodepool scale --help` sets the number of nodes.",
        )


def _labels(options: UpdateOptions, pool: NodePool) -> dict[str, str]:
    labels = dict(pool.labels)
    for text in options.labels:
        if text.endswith("-") and "=" not in text:
            labels.pop(text[:-1], None)
        else:
            key, value = label_of(text)
            labels[key] = value
    return labels


def _taints(options: UpdateOptions, pool: NodePool) -> tuple[Taint, ...]:
    taints = list(pool.taints)
    for text in options.taints:
        if text.endswith("-"):
            key, _, effect = text[:-1].partition(":")
            taints = [t for t in taints if t[0] != key or effect not in {"", t[2]}]
        else:
            new = taint_of(text)
            key, effect = new["key"], new["effect"]
            taints = [t for t in taints if (t[0], t[2]) != (key, effect)]
            taints.append((key, new["value"], effect))
    return tuple(taints)


def _bounds(options: UpdateOptions, pool: NodePool) -> AutoScaling:
    """How the pool is to scale itself. Raises UsageError if a bound is not known."""
    now = pool.auto_scaling
    if options.scales is False:
        return replace(now, enabled=False)
    if options.scales is None and not options.bounded:
        return now
    least = now.least if options.least is None else options.least
    most = now.most if options.most is None else options.most
    if not now.enabled and not most:
        raise UsageError(
            f"The node pool {pool.name} has no bounds yet.",
            resolution=f"Give {flag.MIN} and {flag.MAX}.",
        )
    if least > most:
        raise UsageError(
            f"{flag.MIN} {least} is above {flag.MAX} {most} of the node pool {pool.name}."
        )
    return AutoScaling(enabled=True, least=least, most=most, kind=now.kind or KIND)


def _nodes(options: UpdateOptions, pool: NodePool) -> int | None:
    """The size of a pool that scales itself no more: its nodes, as it desires no number.

    Also of one for which an earlier run got no further than to switch it off.
    """
    numberless = pool.auto_scaling.enabled or (not pool.desired and pool.total)
    return pool.total if options.scales is False and numberless else None


def _check(change: ClusterChange, pool: NodePool, wishes: PoolWishes) -> None:
    """Raise SpecError for labels, taints and bounds that the rules of a spec refuse."""
    bounds = wishes.bounds
    size = max(pool.desired, pool.total)
    size = min(max(size, bounds.least), bounds.most) if bounds.enabled else size
    document = {
        "name": pool.name,
        "instanceTypes": list(pool.instance_types),
        "desiredSize": size,
        "labels": dict(wishes.labels),
        "taints": [{"key": k, "value": v, "effect": e} for k, v, e in wishes.taints],
        "autoScaling": {"enable": bounds.enabled, "min": bounds.least, "max": bounds.most,
                        "type": bounds.kind or KIND},
    }  # fmt: skip
    checked_spec(standing_document(change.cluster, change.vswitches(pool.vswitch_ids), document))


def _rows(pool: NodePool, wishes: PoolWishes) -> Iterator[ChangeRow]:
    key = f"nodePools[{pool.name}]"
    yield from _of_labels(f"{key}.labels", pool.labels, wishes.labels)
    if sorted(pool.taints) != sorted(wishes.taints):
        yield ChangeRow(action="change", setting=f"{key}.taints", before=_told(pool.taints),
                        after=_told(wishes.taints))  # fmt: skip
    if pool.auto_scaling != wishes.bounds:
        before, after = (_scaling(each) for each in (pool.auto_scaling, wishes.bounds))
        yield ChangeRow(action="change", setting=f"{key}.autoScaling", before=before, after=after)
    if wishes.nodes is not None and wishes.nodes != pool.desired:
        yield ChangeRow(action="change", setting=f"{key}.desiredSize", before="none",
                        after=str(wishes.nodes))  # fmt: skip


def _of_labels(
    key: str, before: Mapping[str, str], after: Mapping[str, str]
) -> Iterator[ChangeRow]:
    for name in dict.fromkeys((*before, *after)):
        old, new = before.get(name, "none"), after.get(name, "none")
        if old != new:
            yield ChangeRow(action="change", setting=f"{key}.{name}", before=old, after=new)


def _told(taints: Sequence[Taint]) -> str:
    return ", ".join(f"{key}={value}:{effect}" for key, value, effect in taints) or "none"


def _scaling(bounds: AutoScaling) -> str:
    return f"{bounds.least} to {bounds.most} nodes" if bounds.enabled else "off"
