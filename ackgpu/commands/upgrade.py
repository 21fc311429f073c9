"""``upgrade``: the next Kubernetes version, after ACK's own check."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ackgpu.app import App
from ackgpu.commands.changing import ChangeOptions, ClusterChange
from ackgpu.commands.running import locked
from ackgpu.engine.step import Step
from ackgpu.errors import ConflictError, PreflightFailed
from ackgpu.naming import cluster_name_from_tags
from ackgpu.render.output import present
from ackgpu.render.results import Facts, PlanResult, PlanRow, Result
from ackgpu.spec.versions import is_of
from ackgpu.steps.running_cluster import RunningCluster
from ackgpu.steps.upgrade import ControlPlaneUpgradeStep, PoolUpgradeStep, UpgradeCheckStep


@dataclass(frozen=True, kw_only=True)
class UpgradeOptions(ChangeOptions):
    """What ``upgrade`` was asked for.

    ``to``: a version or minor, the next one where empty. ``node_pools``: the kubelets follow.
    ``check_only``: ACK's check, and nothing else.
    """

    to: str = ""
    node_pools: bool = False
    check_only: bool = False


def run(options: UpgradeOptions, app: App) -> int:
    """Check, ask, upgrade; the exit code."""
    cloud = app.cloud()
    with locked(app, cloud.region, options.name):
        change = ClusterChange(app, options, "upgrade", f"upgrade to {options.to or 'the next'}")
        if not cluster_name_from_tags(change.cluster.tags):
            raise ConflictError(f"The cluster {change.cluster.id} is not ackgpu's.")
        before = change.cluster.version
        target = change.facts.get("target") or _target(change, options.to)
        change.facts["target"] = target
        if target == before and not options.node_pools:
            return present(app.streams, app.settings.output, _nothing(change, options))
        steps = _steps(change, options, target)
        if options.dry_run:
            return present(app.streams, app.settings.output, _shown(change, steps))
        plan = change.look(steps)
        if not options.check_only:
            kubelets = " and the kubelets of its pools" if options.node_pools else ""
            change.confirm(
                f"The control plane of {options.name}{kubelets} is upgraded from {before} to"
                f" {target}; there is no way back. Go on?"
            )
        outcome = change.apply(steps, plan)
        finished = all(report.status == "done" for report in outcome.reports)
        done = "is upgraded" if finished else "is being upgraded"
        if options.check_only:
            done = "passed ACK's check"
        facts = {"cluster": options.name, "from": before, "to": target}
        if not options.check_only and not options.node_pools:
            follow = app.command(f"upgrade {options.name} --to {target} --node-pools")
            facts["nodes"] = f"keep their kubelets: {follow}"
        result = Result(
            command="upgrade",
            part=Facts(headline=f"{options.name} {done}", facts=facts, done=finished),
            durations={r.step.name: r.seconds for r in outcome.reports},
        )
    return present(app.streams, app.settings.output, result)


def _target(change: ClusterChange, wanted: str) -> str:
    """The version to upgrade to: the one that it has where ACK offers none. PreflightFailed."""
    current = change.cluster.version
    offered = change.cloud.containers.upgrades(current)
    if not wanted:
        return offered[-1] if offered else current
    fitting = [v for v in (*offered, current) if is_of(v, wanted)]
    if not fitting:
        raise PreflightFailed(
            f"{change.options.name} cannot be upgraded from {current} to {wanted}.",
            details=[f"offered: {version}" for version in offered] or ["ACK offers none now"],
            resolution="A minor version cannot be skipped: upgrade step by step.",
        )
    return fitting[0]


def _steps(change: ClusterChange, options: UpgradeOptions, target: str) -> list[Step[Any]]:
    running = RunningCluster(change.cloud, change.cluster.id)
    check = UpgradeCheckStep(change.cloud, change.cluster, running=running)
    if options.check_only:
        return [running, check]
    plane = ControlPlaneUpgradeStep(change.cloud, change.cluster, target, check=check)
    steps: list[Step[Any]] = [running, check, plane]
    if options.node_pools:
        for pool in change.cloud.containers.node_pools(change.cluster.id):
            steps.append(
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


def _nothing(change: ClusterChange, options: UpgradeOptions) -> Result:
    version, name = change.cluster.version, options.name
    said = f"runs {version} already" if options.to else "has no newer version"
    if change.resumed:  # it was cut off, and ACK went on
        said = f"is upgraded to {version}"
        change.forget()
    facts = {"cluster": name, "from": version, "to": version}
    return Result(command="upgrade", part=Facts(headline=f"{name} {said}.", facts=facts))
