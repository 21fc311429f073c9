"""``upgrade``: the next Kubernetes version, after ACK's own check."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ackgpu import flag
from ackgpu.cloud.api import NodePool
from ackgpu.commands.cluster.operation import ChangeOptions, ClusterChange, changing
from ackgpu.engine.step import Step
from ackgpu.errors import ConflictError, PreflightFailed, UsageError
from ackgpu.naming import UPGRADE_SEEN, UPGRADE_TAG, cluster_name_from_tags
from ackgpu.render.results import Facts, PlanResult, PlanRow, Result
from ackgpu.session import Session
from ackgpu.spec.fields import BY_KEY
from ackgpu.spec.images import CONTAINER_OPTIMIZED, problem_with_containerd, problem_with_image
from ackgpu.spec.versions import AS_WRITTEN, is_of
from ackgpu.steps.running_cluster import RunningCluster
from ackgpu.steps.upgrade import ControlPlaneUpgradeStep, PoolUpgradeStep, UpgradeCheckStep

IMAGE_TYPE = BY_KEY["nodePools[].imageType"].api
RUNTIME = BY_KEY["nodePools[].runtime.version"].api


@dataclass(frozen=True, kw_only=True)
class UpgradeOptions(ChangeOptions):
    """The options of ``upgrade``.

    ``to``: a version or minor, the next one where empty. ``node_pools``: the kubelets follow.
    ``check_only``: ACK's check, and nothing else.
    """

    to: str = ""
    node_pools: bool = False
    check_only: bool = False


def execute(options: UpgradeOptions, session: Session) -> Result:
    """Check, ask, upgrade."""
    with changing(session, options, "upgrade", f"upgrade to {options.to or 'the next'}") as change:
        if not cluster_name_from_tags(change.cluster.tags):
            raise ConflictError(f"The cluster {change.cluster.id} is not ackgpu's.")
        before = change.cluster.version
        # "The next one" after an upgrade whose end nobody saw is still the one that was noted.
        noted = "" if options.to else _noted_target(change)
        target = change.facts.get("target") or noted or _target(change, options.to)
        # For the run that goes on with this one: "the next" may be another by then.
        change.facts["target"] = target
        if target == before and not options.node_pools:
            unseen = change.resumed or bool(noted)
            if unseen and not options.dry_run:
                _seen(change)
            return _nothing(change, options, unseen=unseen)
        pools = _pools(change)
        _refuse_unfit_nodes(change, target, pools)
        steps = _steps(change, options, target, pools)
        if options.dry_run:
            return _shown(change, steps)
        plan = change.look(steps)
        if not options.check_only:
            kubelets = " and the kubelets of its pools" if options.node_pools else ""
            change.confirm(
                f"The control plane of {options.name}{kubelets} is upgraded from {before} to"
                f" {target}; there is no way back. Go on?"
            )
        outcome = change.apply(steps, plan)
        finished = all(report.status == "done" for report in outcome.reports)
        if finished and not options.check_only:
            _seen(change)
        done = "is upgraded" if finished else "is being upgraded"
        if options.check_only:
            done = "passed ACK's check"
        facts = {"cluster": options.name, "from": before, "to": target}
        if not options.check_only and not options.node_pools:
            follow = session.command(f"upgrade {options.name} {flag.TO} {target} {flag.NODE_POOLS}")
            facts["nodes"] = f"keep their kubelets: {follow}"
        return Result(
            command="upgrade",
            part=Facts(headline=f"{options.name} {done}", facts=facts, done=finished),
            durations={r.step.name: r.seconds for r in outcome.reports},
        )


def _pools(change: ClusterChange) -> list[NodePool]:
    """The pools. No pools at all are looked for twice: one list may be answered short."""
    pools = change.cloud.containers.node_pools(change.cluster.id)
    if not pools:
        run = change.run
        change.session.until(run, run.believable)
        pools = change.cloud.containers.node_pools(change.cluster.id)
    return pools


def _refuse_unfit_nodes(change: ClusterChange, target: str, pools: Sequence[NodePool]) -> None:
    """Raise PreflightFailed if pools have images or a containerd that ``target`` does not run."""
    stuck = [(pool, problem) for pool in pools if (problem := _problem_with(pool, target))]
    if not stuck:
        return
    name = change.options.name
    image = f" {flag.IMAGE_TYPE} {CONTAINER_OPTIMIZED}"
    moves = [
        f"`ackgpu nodepool add {name} {pool.name}-2"
        f"{''.join(f' {flag.INSTANCE_TYPE} {it}' for it in pool.instance_types)}"
        f" {flag.NODES} {pool.desired}{image}`, move its pods,"
        f" `ackgpu nodepool delete {name} {pool.name}`"
        for pool, _ in stuck
    ]
    raise PreflightFailed(
        f"{name} cannot be upgraded to {target} with the node pools that it has; nothing was"
        " changed.",
        details=[f"{pool.name}: {problem}" for pool, problem in stuck],
        resolution=f"Move the pools first: {'; '.join(moves)}. Then upgrade.",
    )


def _problem_with(pool: NodePool, target: str) -> str:
    image, runtime = (str(pool.settings.get(field, "")) for field in (IMAGE_TYPE, RUNTIME))
    return problem_with_image(image, target) or problem_with_containerd(runtime, target)


def _target(change: ClusterChange, wanted: str) -> str:
    """The version to upgrade to: the one that it has where ACK offers none.

    Raises PreflightFailed for one that cannot be reached, UsageError for what is none.
    """
    if wanted and not AS_WRITTEN.fullmatch(wanted):
        raise UsageError(f"{flag.TO} {wanted!r} is not 1.34, 1.34.1 or 1.34.1-aliyun.1.")
    current = change.cluster.version
    offered = change.cloud.containers.upgrades(current)
    if not wanted:
        return offered[-1] if offered else current
    fitting = [v for v in (*offered, current) if is_of(v, wanted)]
    if not fitting:
        raise PreflightFailed(
            f"{change.options.name} cannot be upgraded from {current} to {wanted}.",
            details=[f"offered: {version}" for version in offered] or ["ACK offers none now"],
            resolution="No minor version can be skipped, and there is no way back to an older one.",
        )
    return fitting[0]


def _steps(
    change: ClusterChange, options: UpgradeOptions, target: str, pools: Sequence[NodePool]
) -> list[Step[Any]]:
    running = RunningCluster(change.cloud, change.cluster.id)
    check = UpgradeCheckStep(change.cloud, change.cluster, running=running)
    if options.check_only:
        return [running, check]
    plane = ControlPlaneUpgradeStep(change.cloud, change.cluster, target, check=check)
    steps: list[Step[Any]] = [running, check, plane]
    if options.node_pools:
        for pool in pools:
            steps.append(
                # One after the other: ACK takes one change of a cluster at a time.
                PoolUpgradeStep(change.cloud, change.cluster, pool.name, target, after=steps[-1])
            )
    return steps


def _shown(change: ClusterChange, steps: Sequence[Step[Any]]) -> Result:
    rows = tuple(
        PlanRow(action="CHANGE" if step.changes else "CHECK", step=step.name, detail=step.title)
        for step in steps
    )
    part = PlanResult(
        cluster_name=change.options.name,
        region=change.cloud.region,
        steps=rows,
        seconds=sum(step.typical for step in steps),
    )
    return Result(command="upgrade", part=part)


def _noted_target(change: ClusterChange) -> str:
    """The version that an upgrade was requested to whose end nobody has seen; else empty."""
    noted = change.cluster.tags.get(UPGRADE_TAG, "")
    current = change.cluster.version
    known = (current, *change.cloud.containers.upgrades(current)) if noted else ()
    # A version that ACK offers no more cannot be gone on to.
    return noted if noted in known else ""


def _seen(change: ClusterChange) -> None:
    """Note that the upgrade's end was seen: the next command goes on from there."""
    change.cloud.containers.set_tags(change.cluster.id, {UPGRADE_TAG: UPGRADE_SEEN})


def _nothing(change: ClusterChange, options: UpgradeOptions, *, unseen: bool) -> Result:
    version, name = change.cluster.version, options.name
    said = f"runs {version} already" if options.to else "has no newer version"
    if unseen:  # it was cut off, and ACK went on
        said = f"is upgraded to {version}"
        change.forget()
    facts = {"cluster": name, "from": version, "to": version}
    return Result(command="upgrade", part=Facts(headline=f"{name} {said}.", facts=facts))
