"""``nodepool attach``: existing instances become nodes, by ACK or by a script."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ackgpu import flag
from ackgpu.cloud.api import (
    AttachRequest,
    Cloud,
    Cluster,
    Instance,
    InstanceType,
    NodePool,
    VSwitch,
)
from ackgpu.commands.cluster.operation import ChangeOptions, ClusterChange, changing
from ackgpu.commands.nodepool.node_password import node_password
from ackgpu.commands.nodepool.spec import spec_of_pool
from ackgpu.errors import PreflightFailed, UsageError
from ackgpu.render.results import PlainText, Result
from ackgpu.render.words import count
from ackgpu.session import Session
from ackgpu.spec import catalog
from ackgpu.spec.rules.instances import MIN_MEMORY_GIB, MIN_VCPUS
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
            f"{flag.MODE} {options.mode} is not known.", resolution=f"One of: {', '.join(MODES)}."
        )
    if not 1 <= len(ids) <= MAX_ATTACHED:
        raise UsageError(f"{len(ids)} instances: 1 to {MAX_ATTACHED} are attached at once.")
    key = f"attach {' '.join(sorted(ids))} to {options.pool}"
    with changing(session, options, "nodepool attach", key) as change:
        change.refuse_asleep()
        pool = change.pool()
        change.refuse_autoscaled(pool, "ACK attaches no instances to it")
        joined = _joined(change, pool, ids)
        # Who is a node already, as after an interrupted attach, would fail every check.
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
        return change.shown(change.spec_of(pool, total)[1], plan)
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


def check_instances(
    cloud: Cloud,
    cluster: Cluster,
    pool: NodePool,
    vswitches: Sequence[VSwitch],
    ids: Sequence[str],
) -> None:
    """Raise PreflightFailed, with every finding.

    ACK asks for the cluster's region and VPC, a running instance, a type that it supports, and that
    it is in no cluster (ACK help page on adding existing nodes). That the zone is one of the pool's
    is ackgpu's own rule: elsewhere nothing lets the node out.
    """
    found = {instance.id: instance for instance in cloud.compute.instances(ids=ids)}
    types = {row.id: row for row in cloud.compute.instance_types([i.type for i in found.values()])}
    taken = _nodes_elsewhere(cloud, cluster)
    zones = {vswitch.zone_id for vswitch in vswitches}
    problems: list[str] = []
    for instance_id in ids:
        instance = found.get(instance_id)
        if instance is None:
            problems.append(f"{instance_id} does not exist in {cloud.region}")
            continue
        owner = taken.get(instance_id)
        if owner:
            problems.append(f"{instance_id} is a node of the cluster {owner} already")
        problems += _place(instance, cluster, zones)
        problems += _kind(instance, types.get(instance.type), pool)
    if problems:
        raise PreflightFailed(
            f"The instances cannot become nodes, for {count(len(problems), 'reason')}; nothing was"
            " changed.",
            details=problems,
            resolution="Start what is stopped, leave out what does not fit, or add a pool that"
            " fits: `ackgpu nodepool add --help`.",
        )


def _nodes_elsewhere(cloud: Cloud, cluster: Cluster) -> dict[str, str]:
    """Nodes of every cluster in the VPC, this one's among them, and whose they are."""
    clusters = cloud.containers.clusters(region=cloud.region)
    neighbours = [row for row in clusters if row.vpc_id == cluster.vpc_id]
    return {
        node.instance_id: row.name
        for row in neighbours
        for node in cloud.containers.nodes(row.id)
        if node.instance_id
    }


def _place(instance: Instance, cluster: Cluster, zones: set[str]) -> Iterator[str]:
    if instance.state != "Running":
        yield f"{instance.id} is {instance.state}, not Running"
    if instance.vpc_id != cluster.vpc_id:
        yield f"{instance.id} is in the VPC {instance.vpc_id or '(none)'}, not {cluster.vpc_id}"
    elif zones and instance.zone_id not in zones:
        yield f"{instance.id} is in {instance.zone_id}; the pool has {', '.join(sorted(zones))}"


def _kind(instance: Instance, found: InstanceType | None, pool: NodePool) -> Iterator[str]:
    type_id = instance.type
    if not (catalog.looks_vgpu(type_id) or catalog.looks_whole_gpu(type_id)):
        yield f"{instance.id} is of {type_id}, which has no GPU"
    elif catalog.gpu_kind([type_id]) != catalog.gpu_kind(pool.instance_types):
        yield f"{instance.id} is of {type_id}: a pool has slices or whole cards, never both"
    if found and (found.cpu < MIN_VCPUS or found.memory_gib < MIN_MEMORY_GIB):
        yield (
            f"{instance.id} has {found.cpu} vCPU and {found.memory_gib:g} GiB; a node needs"
            f" {MIN_VCPUS} and {MIN_MEMORY_GIB}"
        )
