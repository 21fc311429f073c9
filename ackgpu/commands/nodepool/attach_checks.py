"""Whether existing instances can become nodes of a pool: everything that is wrong, at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ackgpu.cloud.api import Cloud, Cluster, Instance, InstanceType, NodePool, VSwitch
from ackgpu.errors import PreflightFailed
from ackgpu.render.words import count
from ackgpu.spec import catalog

MIN_VCPUS, MIN_MEMORY_GIB = 4, 8
"""The smallest worker (ACK documentation, node instance types)."""


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
