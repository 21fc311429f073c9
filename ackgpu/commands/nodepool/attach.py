"""``nodepool attach``: existing instances become nodes, by ACK or by a script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ackgpu.cloud.api import AttachRequest, NodePool
from ackgpu.commands.cluster.operation import ChangeOptions, ClusterChange, changing
from ackgpu.commands.nodepool.attach_checks import check_instances
from ackgpu.commands.nodepool.node_password import node_password
from ackgpu.commands.nodepool.spec import blueprint_of, spec_of_pool
from ackgpu.errors import UsageError
from ackgpu.render.results import PlainText, Result
from ackgpu.session import Session
from ackgpu.steps.pool_graph import attach_graph

MODES = ("auto", "manual")
MAX_ATTACHED = 100
"""Instances in one call (the emulator's figure too; the API names none: UNCONFIRMED)."""


@dataclass(frozen=True, kw_only=True)
class AttachOptions(ChangeOptions):
    """The options of ``nodepool attach``. ``mode`` is one of MODES."""

    instance_ids: tuple[str, ...]
    mode: str = "auto"
    keep_name: bool = True
    format_disk: bool = False
    password_file: Path | None = None
    ask_password: bool = False


def attach(options: AttachOptions, session: Session) -> Result:
    """Check the instances, then attach them or say how."""
    ids = tuple(dict.fromkeys(options.instance_ids))
    if options.mode not in MODES:
        raise UsageError(
            f"--mode {options.mode} is not known.", resolution=f"One of: {', '.join(MODES)}."
        )
    if not 1 <= len(ids) <= MAX_ATTACHED:
        raise UsageError(f"{len(ids)} instances: 1 to {MAX_ATTACHED} are attached at once.")
    key = f"attach {' '.join(sorted(ids))} to {options.pool}"
    with changing(session, options, "nodepool attach", key) as change:
        change.refuse_asleep()
        pool = change.pool()
        change.refuse_autoscaled(pool, "ACK attaches no instances to it")
        joined = _joined(change, pool, ids)
        new = [i for i in ids if i not in joined]
        _check(change, pool, new)
        return (
            _script(change, pool, options)
            if options.mode == "manual"
            else _by_ack(change, pool, options, new=new, ids=ids)
        )


def _joined(change: ClusterChange, pool: NodePool, ids: Sequence[str]) -> set[str]:
    nodes = change.cloud.containers.nodes(change.cluster.id, node_pool_id=pool.id)
    return {node.instance_id for node in nodes if node.instance_id in ids}


def _check(change: ClusterChange, pool: NodePool, new: Sequence[str]) -> None:
    """Raise PreflightFailed with everything that is wrong."""
    if not new:
        return
    vswitches = change.vswitches(pool.vswitch_ids)
    check_instances(change.cloud, change.cluster, pool, vswitches, new)
    spec = spec_of_pool(change.cluster, vswitches, pool, 0)
    needs = {"nodes": len(new)} | ({"route_entries": len(new)} if spec.network.is_flannel else {})
    change.check_growth(spec, needs)


def _by_ack(
    change: ClusterChange,
    pool: NodePool,
    options: AttachOptions,
    *,
    new: Sequence[str],
    ids: tuple[str, ...],
) -> Result:
    session = change.session
    password = node_password(session, file=options.password_file, ask=options.ask_password)
    request = AttachRequest(
        ids, options.keep_name, options.format_disk, "" if pool.has_key_pair else password
    )
    total = pool.total + len(new)
    steps = attach_graph(change.standing, name=pool.name, request=request, total=total)
    plan = change.look(steps)
    if options.dry_run:
        vswitches = change.vswitches(pool.vswitch_ids)
        spec = spec_of_pool(change.cluster, vswitches, pool, total)
        return change.shown(blueprint_of(spec, change.cluster, vswitches), plan)
    if new:
        formatted = " and formats their data disks" if options.format_disk else ""
        change.confirm(
            f"ACK replaces the system disks of {', '.join(new)}{formatted}: what is on them is"
            " lost. Go on?"
        )
    return change.result(change.apply(steps, plan))


def _script(change: ClusterChange, pool: NodePool, options: AttachOptions) -> Result:
    script = change.cloud.containers.attach_script(
        change.cluster.id,
        pool.id,
        keep_instance_name=options.keep_name,
        format_disk=options.format_disk,
    )
    change.session.display.warn(
        "The script holds a token of this cluster: pass it on to nobody. Run it as root on each of"
        f" {', '.join(options.instance_ids)}, which keep their system disks; then"
        f" ackgpu verify {options.name} proves them.",
    )
    return Result(command="nodepool attach", part=PlainText(text=f"{script}\n"))
