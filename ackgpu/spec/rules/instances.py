"""Rules over the instance types of a pool, and the disks that they take."""

from __future__ import annotations

from collections.abc import Iterator

from ackgpu.spec import catalog
from ackgpu.spec.catalog import GpuType
from ackgpu.spec.findings import Finding, error, warning
from ackgpu.spec.images import AUTO, CUSTOM
from ackgpu.spec.model import ClusterSpec, DiskSpec, NodePoolSpec
from ackgpu.spec.rules.syntax import did_you_mean, one_of

_MAX_TYPES = 10
# ACK documentation, node specifications: the smallest worker.
MIN_VCPUS = 4
MIN_MEMORY_GIB = 8
# ACK documentation, Terway: a node of the shared-ENI mode must hold more pods than this.
_TERWAY_PODS = 11
# CS API reference, CreateClusterNodePool; the older of its two lower bounds is the safe one.
_SYSTEM_DISK_GIB = (40, 2_048)
_DATA_DISK_GIB = (20, 32_768)
_DISK_CATEGORIES = ("cloud_efficiency", "cloud_ssd", "cloud_essd", "cloud_auto", "cloud_essd_entry")
_GRID_IMAGES = {"AliyunLinux", "AliyunLinux3", "AliyunLinux3ContainerOptimized", "Ubuntu", "CentOS"}


def check_list(key: str, pool: NodePoolSpec) -> Iterator[Finding]:
    """One to ten types, each once. A pool that only takes existing instances names them too."""
    types = pool.instance_types
    if not 1 <= len(types) <= _MAX_TYPES:
        yield error(f"{key}.instanceTypes", f"{len(types)} types: a node pool takes 1 to 10")
    for index, type_id in enumerate(types):
        if type_id in types[:index]:
            yield error(f"{key}.instanceTypes[{index}]", f"{type_id} is named twice")


def check_types(key: str, pool: NodePoolSpec) -> Iterator[Finding]:
    """Each type has a GPU and is large enough for ACK."""
    for index, type_id in enumerate(pool.instance_types):
        where = f"{key}.instanceTypes[{index}]"
        found = catalog.gpu_type(type_id)
        if found is None:
            yield _unknown(where, type_id)
        elif not big_enough(found):
            yield error(
                where,
                f"{type_id} has {found.vcpus} vCPU and {found.memory_gib:g} GiB: "
                f"ACK nodes need at least {MIN_VCPUS} vCPU and {MIN_MEMORY_GIB} GiB",
            )


def big_enough(found: catalog.GpuType) -> bool:
    """Whether ACK takes instances of the type as nodes."""
    return found.vcpus >= MIN_VCPUS and found.memory_gib >= MIN_MEMORY_GIB


def fits_terway(found: catalog.GpuType) -> bool:
    """Whether nodes of the type hold as many pods as ACK asks for with Terway."""
    return found.terway_pods > _TERWAY_PODS


def check_mix(key: str, pool: NodePoolSpec) -> Iterator[Finding]:
    """A pool is all slices or all whole cards, so that labels can tell its nodes apart."""
    kinds = {catalog.looks_vgpu(t) for t in pool.instance_types if _is_gpu(t)}
    if len(kinds) > 1:
        yield error(
            f"{key}.instanceTypes", "vGPU and whole-GPU types in one pool: make a pool of each"
        )


def check_system_disk(key: str, pool: NodePoolSpec) -> Iterator[Finding]:
    """The system disk is of a category that every type takes; there is always one.

    ECS documentation, instance families. The API's own default is never used.
    """
    yield from _check_size(f"{key}.systemDisk", pool.system_disk, _SYSTEM_DISK_GIB)
    known = _known(pool)
    category = pool.system_disk.category
    if category:
        yield from _check_category(f"{key}.systemDisk.category", category, known)
    elif known and not catalog.disk_category([found.id for found in known]):
        yield error(
            f"{key}.instanceTypes",
            "no system disk category is taken by all of them: make a pool for each family",
        )
    else:
        for index, type_id in enumerate(pool.instance_types):
            if catalog.looks_whole_gpu(type_id) and not catalog.gpu_type(type_id):
                yield error(
                    f"{key}.instanceTypes[{index}]",
                    f"ackgpu does not know which disks {type_id} takes: give systemDisk.category",
                )


def check_data_disks(key: str, pool: NodePoolSpec) -> Iterator[Finding]:
    """Data disks are of categories that every type takes too."""
    for index, disk in enumerate(pool.data_disks):
        where = f"{key}.dataDisks[{index}]"
        yield from _check_size(where, disk, _DATA_DISK_GIB)
        if disk.category:
            yield from _check_category(f"{where}.category", disk.category, _known(pool))


def check_image(key: str, pool: NodePoolSpec) -> Iterator[Finding]:
    """The GRID driver's installer knows the image (ECS documentation, GRID drivers)."""
    slices = [found for found in _known(pool) if found.vgpu]
    if slices and pool.image_type not in {*_GRID_IMAGES, AUTO, CUSTOM}:
        yield warning(
            f"{key}.imageType",
            f"the GRID driver that {slices[0].id} needs is not documented for {pool.image_type}",
        )


def check_license(key: str, pool: NodePoolSpec, server: str) -> Iterator[Finding]:
    """vgn5i and vgn6i bring no licence (ECS documentation, GRID licences)."""
    for family in sorted({found.family for found in _known(pool) if found.license == "own"}):
        if not server:
            yield warning(
                f"{key}.licenseServer",
                f"{family} includes no GRID licence: without a licence server "
                "the vGPU runs with reduced performance",
            )


def check_subscribed(key: str, pool: NodePoolSpec) -> Iterator[Finding]:
    """A retired family is a poor subscription (ECS documentation, retired instance families)."""
    retired = sorted({found.family for found in _known(pool) if found.retired})
    if retired and pool.charge_type == "PrePaid" and not pool.types_open:
        yield warning(
            f"{key}.chargeType",
            f"{' and '.join(retired)} is retired: the cloud converts no instance of it to a"
            " subscription, and may sell none",
        )


def check_terway(key: str, pool: NodePoolSpec) -> Iterator[Finding]:
    """With Terway each type has enough addresses for pods."""
    for index, type_id in enumerate(pool.instance_types):
        found = catalog.gpu_type(type_id)
        if found and 0 < found.terway_pods <= _TERWAY_PODS:
            yield error(
                f"{key}.instanceTypes[{index}]",
                f"{type_id} has addresses for {found.terway_pods} pods with Terway, "
                f"which needs more than {_TERWAY_PODS}: use Flannel or a larger type",
            )


def check_instances(spec: ClusterSpec) -> Iterator[Finding]:
    """Every rule over every pool's types."""
    for index, pool in enumerate(spec.node_pools):
        key = f"nodePools[{index}]"
        for rule in POOL_RULES:
            yield from rule(key, pool)
        yield from check_license(key, pool, spec.license_server_of(pool))
        if not spec.network.is_flannel:
            yield from check_terway(key, pool)


def _known(pool: NodePoolSpec) -> list[GpuType]:
    return [found for type_id in pool.instance_types if (found := catalog.gpu_type(type_id))]


def _is_gpu(type_id: str) -> bool:
    return catalog.looks_vgpu(type_id) or catalog.looks_whole_gpu(type_id)


def _unknown(where: str, type_id: str) -> Finding:
    close = catalog.suggest(type_id)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    if not type_id.startswith("ecs."):
        return error(
            where, f"{type_id!r} is not an instance type such as ecs.vgn5i-m2.xlarge{hint}"
        )
    if catalog.looks_whole_gpu(type_id):
        return warning(where, f"ackgpu does not know {type_id}: only the cloud can check it{hint}")
    if catalog.looks_vgpu(type_id):
        return error(where, f"{type_id!r} is not a vGPU type that ackgpu knows{hint}")
    return error(where, f"{type_id!r} has no GPU{hint}")


def _check_size(key: str, disk: DiskSpec, bounds: tuple[int, int]) -> Iterator[Finding]:
    low, high = bounds
    if not low <= disk.size <= high:
        yield error(f"{key}.size", f"{disk.size} is not {low} to {high} GiB")


def _check_category(key: str, category: str, known: list[GpuType]) -> Iterator[Finding]:
    if category not in _DISK_CATEGORIES:
        hint = did_you_mean(category, _DISK_CATEGORIES)
        yield error(key, f"{category!r} is not {one_of(_DISK_CATEGORIES)}{hint}")
        return
    for found in known:
        if category not in found.disk_categories:
            takes = one_of(found.disk_categories)
            yield error(key, f"{found.id} does not take {category}: it takes {takes}")


POOL_RULES = (
    check_list,
    check_types,
    check_mix,
    check_system_disk,
    check_data_disks,
    check_image,
    check_subscribed,
)
RULES = (check_instances,)
