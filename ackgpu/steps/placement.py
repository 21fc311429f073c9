"""Deciding what the spec leaves to ackgpu: the Kubernetes version, the zones, the ranges.

What exists already decides first, so that a second ``create`` finds what the first one made.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from ackgpu import flag
from ackgpu.cloud.api import Cloud, Cluster, KubernetesVersion, Stock, VSwitch
from ackgpu.engine.gather import all_of, raise_first, settle_all
from ackgpu.engine.reads import Read, ReadResults
from ackgpu.engine.run import Run
from ackgpu.errors import ConflictError, NoCapacity, PreflightFailed
from ackgpu.naming import CLUSTER_TAG, cluster_name_from_tags
from ackgpu.spec.cidrs import further_vswitch_cidr, pod_vswitch_cidrs, vswitch_cidrs
from ackgpu.spec.images import problem_with_containerd, problem_with_image
from ackgpu.spec.model import ClusterSpec
from ackgpu.spec.versions import is_of
from ackgpu.steps import type_choice
from ackgpu.steps.blueprint import PODS, Blueprint, ZonePlan
from ackgpu.steps.lookup import absent
from ackgpu.steps.reads import (
    GIVEN_VSWITCHES,
    NAMED_CLUSTERS,
    NAT_ZONES,
    OUR_VSWITCHES,
    REGIONS,
    VERSIONS,
    stock_of_type,
)
from ackgpu.steps.type_choice import REFILLED, choose_types

READS = (
    "containers.clusters",
    "containers.versions",
    "network.vswitches",
    "network.nat_zones",
    "compute.regions",
    *type_choice.READS,
)
"""The calls that deciding makes."""


def decide(cloud: Cloud, spec: ClusterSpec, run: Run, tags: Mapping[str, str]) -> Blueprint:
    """Read what the decisions need, all at once, and decide.

    Raises :class:`~ackgpu.errors.NoCapacity` when no zone has any type of the spec,
    :class:`~ackgpu.errors.PreflightFailed` when its region or version does not exist.
    """
    # All at once, though a wrong region fails the others: that is told first, below.
    results = settle_all(run, {REGIONS: cloud.compute.regions, **_reads(cloud, spec)})
    facts = ReadResults(results)
    regions = facts.get(REGIONS)
    if regions is not None and spec.region not in regions:
        raise PreflightFailed(
            f"The region {spec.region} does not exist, or is not open to this account.",
            resolution=f"Choose one of: {', '.join(regions)}.",
        )
    # After the region: in one that does not exist each read fails with words of its own.
    raise_first(results)
    ours = [c for c in facts[NAMED_CLUSTERS] if cluster_name_from_tags(c.tags) == spec.name]
    version = _version(spec, ours, facts[VERSIONS])
    refuse_unfit_nodes(spec, version)
    _refuse_dedicated(spec, ours)
    spec, choice, facts = choose_types(cloud, spec, run, ours, facts)
    zones = _zones(spec, facts)
    pods = _pod_zones(spec, facts, zones)
    return Blueprint(spec, version, zones, tags, pod_zones=pods, choice=choice)


def refuse_name_elsewhere(cloud: Cloud, spec: ClusterSpec, run: Run) -> None:
    """Raise ConflictError if the name is taken in another region; one list a region.

    A name that stands in the spec's own region is gone on with, and no other is looked at.
    """
    if cloud.containers.clusters(name=spec.name):
        return
    regions = cloud.compute.regions()
    reads = {r: partial(cloud.in_region(r).containers.clusters, name=spec.name) for r in regions}
    found = all_of(run, reads)
    taken = name_taken(spec, [cluster for region in regions for cluster in found[region]])
    if taken is not None:
        raise taken


def refuse_unfit_nodes(spec: ClusterSpec, version: str) -> None:
    """Raise PreflightFailed for node pools whose image or containerd does not run ``version``.

    Everything would be made and billed, and no node would ever become Ready.
    """
    image, runtime = "imageType", "runtime.version"
    problems = {
        (pool.name, key): problem
        for pool in spec.node_pools
        for key, problem in (
            (image, problem_with_image(pool.image_type, version)),
            (runtime, problem_with_containerd(pool.runtime.version, version)),
        )
        if problem
    }
    if problems:
        keys = list(dict.fromkeys(key for _, key in problems))
        raise PreflightFailed(
            f"Kubernetes {version} does not run {' and '.join(keys)} of every node pool; nothing"
            " was created.",
            details=[f"nodePools[{n}].{key}: {why}" for (n, key), why in problems.items()],
            resolution=f"Leave {' and '.join(keys)} out: ACK's own for the version is taken.",
        )


def name_taken(spec: ClusterSpec, named: Sequence[Cluster]) -> ConflictError | None:
    """The error where a cluster of the name stands in another region; None where none does.

    CreateCluster refuses a name that is "already exist in your clusters", after the network was
    made. That it means those of all regions is UNCONFIRMED, and taken for true here: the other
    reading makes a network that nothing will live in. ``named``: the clusters of all regions.
    """
    if not named or any(cluster.region == spec.region for cluster in named):
        return None
    other = named[0]
    ours = cluster_name_from_tags(other.tags) == spec.name
    shown = f"`ackgpu describe {spec.name} {flag.REGION} {other.region}` shows that one."
    foreign = "That one is not ackgpu's."
    return ConflictError(
        f"The account has a cluster {spec.name} already, in {other.region} ({other.id}), and"
        " no two of an account have the same name.",
        resolution=f"Choose another name. {shown if ours else foreign}",
    )


def _refuse_dedicated(spec: ClusterSpec, ours: Sequence[Cluster]) -> None:
    """ACK documentation, dedicated clusters: no new ones since 2024-08-21."""
    if spec.cluster.type == "Kubernetes" and not ours:
        raise PreflightFailed(
            "ACK has made no new dedicated clusters since 2024-08-21; nothing was created.",
            resolution="Set cluster.type to ManagedKubernetes. The pools of a dedicated cluster"
            " that exists are served: `ackgpu nodepool --help`, with the cluster's id.",
        )


def _reads(cloud: Cloud, spec: ClusterSpec) -> dict[Read[Any], Callable[[], Any]]:
    mine = {CLUSTER_TAG: spec.name}
    reads: dict[Read[Any], Callable[[], Any]] = {
        NAMED_CLUSTERS: partial(cloud.containers.clusters, name=spec.name),
        OUR_VSWITCHES: partial(cloud.network.vswitches, tags=mine),
        VERSIONS: cloud.containers.versions,
    }
    wanted = (*spec.network.vswitches, *spec.network.pod_vswitches)
    given = [vswitch.id for vswitch in wanted if vswitch.id]
    if given:
        reads[GIVEN_VSWITCHES] = partial(cloud.network.vswitches, ids=given)
    if is_open(spec):
        for type_id in spec.instance_types:
            reads[stock_of_type(type_id)] = partial(cloud.compute.stock, type_id)
        if spec.network.nat.create and not spec.network.nat.id:
            reads[NAT_ZONES] = cloud.network.nat_zones
    return reads


def _version(
    spec: ClusterSpec, ours: Sequence[Cluster], offered: Sequence[KubernetesVersion]
) -> str:
    wanted = spec.metadata.version
    running = ours[0].version if ours else ""
    # "auto" means the newest only for a cluster that is made; later it is whatever stands.
    if running and (wanted == "auto" or is_of(running, wanted)):
        return running
    creatable = [item.version for item in offered if item.creatable]
    fitting = [v for v in creatable if wanted == "auto" or is_of(v, wanted)]
    if not fitting:
        raise PreflightFailed(
            f"Kubernetes {wanted} cannot be created in {spec.region} now.",
            details=[f"creatable: {version}" for version in creatable],
            resolution="Choose one of these, a minor such as 1.34, or auto.",
        )
    return fitting[0]


def _zones(spec: ClusterSpec, facts: ReadResults) -> tuple[ZonePlan, ...]:
    existing = _made(facts[OUR_VSWITCHES], pods=False)
    given = {v.id: v for v in facts.get(GIVEN_VSWITCHES) or ()}
    taken = [v.zone_id for v in existing]
    named = [v.zone for v in spec.network.vswitches]
    zones: list[ZonePlan] = []
    for wanted, block in zip(spec.network.vswitches, vswitch_cidrs(spec.network), strict=True):
        if wanted.id:
            zones.append(_given_zone(wanted.id, given, spec.region))
            continue
        zone_id = wanted.zone if wanted.zone != "auto" else next(iter(taken), "")
        if not zone_id:
            used = {*named, *(zone.zone_id for zone in zones)}
            zone_id = _by_stock(spec, facts, used, way_out=not zones)
        mine = next((v for v in existing if v.zone_id == zone_id), None)
        taken = [zone for zone in taken if zone != zone_id]
        others = {v.cidr for v in existing} | {zone.cidr for zone in zones}
        # After a fallback the ranges are not in the order of the spec's zones any more.
        free = block if block not in others else further_vswitch_cidr(spec.network, sorted(others))
        zones.append(ZonePlan(zone_id, wanted.cidr or (mine.cidr if mine else free)))
    return (*zones, *_further(spec, existing, zones))


def _pod_zones(
    spec: ClusterSpec, facts: ReadResults, zones: Sequence[ZonePlan]
) -> tuple[ZonePlan, ...]:
    """The vSwitches of Terway's pods; ``auto`` is the next zone that has nodes."""
    existing = {v.zone_id: v for v in _made(facts[OUR_VSWITCHES], pods=True)}
    given = {v.id: v for v in facts.get(GIVEN_VSWITCHES) or ()}
    named = {v.zone for v in spec.network.pod_vswitches}
    free = iter([zone.zone_id for zone in zones if zone.zone_id not in named])
    plans: list[ZonePlan] = []
    blocks = pod_vswitch_cidrs(spec.network)
    for wanted, block in zip(spec.network.pod_vswitches, blocks, strict=True):
        if wanted.id:
            plans.append(replace(_given_zone(wanted.id, given, spec.region), pods=True))
            continue
        zone_id = next(free, "") if wanted.zone == "auto" else wanted.zone
        if not zone_id:
            raise PreflightFailed(
                "There are more vSwitches for pods than zones with nodes.",
                resolution="Name their zones, or leave some of network.podVswitches out.",
            )
        mine = existing.get(zone_id)
        plans.append(ZonePlan(zone_id, wanted.cidr or (mine.cidr if mine else block), pods=True))
    return tuple(plans)


def _made(vswitches: Sequence[VSwitch], *, pods: bool) -> list[VSwitch]:
    """Those of ours that are for pods, or for nodes, in the order of their ranges."""
    fitting = [v for v in vswitches if v.name.endswith(PODS) == pods]
    return sorted(fitting, key=lambda v: v.cidr)


def _further(
    spec: ClusterSpec, existing: Sequence[VSwitch], zones: Sequence[ZonePlan]
) -> list[ZonePlan]:
    """Where an earlier run went on to when its zone was sold out (see :func:`next_zone`)."""
    if not is_open(spec):
        return []
    used = {zone.zone_id for zone in zones}
    return [ZonePlan(v.zone_id, v.cidr) for v in existing if v.zone_id not in used]


def is_open(spec: ClusterSpec) -> bool:
    """Whether the spec leaves a zone to ackgpu."""
    return any(v.zone == "auto" and not v.id for v in spec.network.vswitches)


def next_zone(cloud: Cloud, blueprint: Blueprint, run: Run) -> ZonePlan | None:
    """The next zone that has stock, where the spec leaves zones open; None where there is none."""
    spec = blueprint.spec
    if not is_open(spec):
        return None
    types = spec.instance_types
    reads: dict[Read[Any], Callable[[], Any]] = {
        stock_of_type(type_id): partial(cloud.compute.stock, type_id) for type_id in types
    }
    reads[OUR_VSWITCHES] = partial(cloud.network.vswitches, tags=blueprint.ours)
    facts = ReadResults(all_of(run, reads))
    used = {zone.zone_id for zone in blueprint.zones}
    # Stock is read again: minutes have passed since the first choice.
    ranked = _ranked({t: facts[stock_of_type(t)] for t in types})
    zone_id = next((zone for zone in ranked if zone not in used), "")
    cidr = further_vswitch_cidr(spec.network, [v.cidr for v in facts[OUR_VSWITCHES]])
    return ZonePlan(zone_id, cidr) if zone_id and cidr else None


def _given_zone(vswitch_id: str, given: Mapping[str, VSwitch], region: str) -> ZonePlan:
    found = given.get(vswitch_id)
    if found is None:
        raise absent("vSwitch", vswitch_id, region)
    return ZonePlan(found.zone_id, found.cidr, found.id)


def _by_stock(
    spec: ClusterSpec, facts: ReadResults, used: Collection[str], *, way_out: bool
) -> str:
    """The zone for ``auto``: of those that are left the one that has the most of the spec's types.

    ``way_out``: the NAT gateway goes there, which not every zone can hold. Raises NoCapacity.
    """
    reads = {t: stock_of_type(t) for t in spec.instance_types}
    stocks = {
        t: facts[read] if read in facts else []  # noqa: SIM401 -- one that failed is raised
        for t, read in reads.items()
    }
    nat_zones = facts.get(NAT_ZONES) if way_out else None
    left = [zone_id for zone_id in _ranked(stocks) if zone_id not in used]
    fitting = [zone_id for zone_id in left if not nat_zones or zone_id in nat_zones]
    if fitting:
        return fitting[0]
    details = [*tried(stocks), *(f"{zone}: no NAT gateway can be made there" for zone in left)]
    raise NoCapacity(
        f"No capacity for {' or '.join(spec.instance_types)} in any further zone of {spec.region}.",
        details=details or [f"no zone of {spec.region} sells {', '.join(stocks)}"],
        resolution=f"`ackgpu offers {flag.REGION} {spec.region}` shows what there is; give other"
        " instance types, or another region.",
    )


def _ranked(stocks: Mapping[str, Sequence[Stock]]) -> list[str]:
    """Zones with stock: those with the most of the types that are refilled, then the most types.

    Between equals the one that has the earlier type of the spec comes first.
    """
    order: dict[str, tuple[int, int, int]] = {}
    for rank, rows in enumerate(stocks.values()):
        for row in rows:
            if row.available:
                refilled, types, best = order.get(row.zone_id, (0, 0, rank))
                order[row.zone_id] = (refilled + (row.status == REFILLED), types + 1, best)
    return sorted(order, key=lambda z: (-order[z][0], -order[z][1], order[z][2], z))


def tried(stocks: Mapping[str, Sequence[Stock]]) -> list[str]:
    """Each (zone, type) and why it was not taken."""
    return [
        f"{row.zone_id}  {type_id}  {row.status}"
        for type_id, rows in stocks.items()
        for row in rows
        if not row.available
    ]
