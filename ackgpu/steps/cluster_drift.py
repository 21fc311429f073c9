"""Where a cluster that stands is not what the spec asks for, beyond what one step can see.

A step compares the resource that it would make. What a spec has stopped naming (a node pool, a
gateway), and what the cluster was put into (a VPC, zones), has no step: it is compared here, once,
before anything is made.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from ackgpu import flag
from ackgpu.cloud.api import Addon, Cloud, Cluster, NatGateway, NodePool, VSwitch
from ackgpu.engine.gather import all_of
from ackgpu.engine.plan import Plan
from ackgpu.engine.run import Run
from ackgpu.engine.step import Absent, Drift
from ackgpu.naming import EXPIRES_TAG, TTL_TAG, cluster_name_from_tags, is_held
from ackgpu.spec import durations
from ackgpu.spec.fields import FIELDS, value_at
from ackgpu.spec.model import DEFAULT_POOL, AddonSpec, ClusterSpec, document_of
from ackgpu.steps.blueprint import Blueprint, ZonePlan
from ackgpu.steps.cluster_change import parsed

READS = ("containers.node_pools", "network.nat_gateways", "network.vswitches")
"""The calls that the comparison makes, but for those of :func:`reads_of`."""
NONE = "none"


def cluster_drift(cloud: Cloud, blueprint: Blueprint, plan: Plan, run: Run) -> tuple[Drift, ...]:
    """The differences between the blueprint and what ``plan`` found of it.

    Before there is a cluster only the way out is compared: an unfinished create may go on in
    another zone, and so may one whose node pools got no stock.
    """
    cluster: Cluster | None = plan.values.ready.get("cluster")
    found = all_of(run, _reads(cloud, blueprint, cluster))
    gateways: Sequence[NatGateway] = found.get("gateways", ())
    way_out = _way_out_drift(blueprint, plan, gateways)
    if cluster is None:
        return way_out
    pools = [p for p in found["pools"] if cluster_name_from_tags(p.tags) == blueprint.name]
    addons: Sequence[Addon] = found.get("addons", ())
    places = _Places(blueprint, plan, found["vswitches"])
    return (
        *_home_drift(blueprint, plan, cluster),
        *_zone_drift(places, cluster, pools),
        *_pod_zone_drift(places, addons),
        *way_out,
        *_addon_drift(blueprint, cluster, addons),
        *_ttl_drift(blueprint, cluster),
        *_further_pools(blueprint, pools),
    )


def uncompared(spec: ClusterSpec, plan: Plan) -> list[str]:
    """Sentences on what the spec asks for of a cluster that stands, and nothing can tell."""
    cluster: Cluster | None = plan.values.ready.get("cluster")
    if cluster is None:
        return []
    raw = [f"cluster.raw.{key}" for key in spec.cluster.raw if key not in cluster.settings]
    said = [
        f"{key} was not compared: it counts when the thing is made, and ACK does not tell it."
        for key in (*_asked_once(spec), *raw)
    ]
    expires = cluster.tags.get(EXPIRES_TAG, "")
    if expires and spec.lifecycle.ttl is None and not is_held(cluster.tags):
        keep = f"`ackgpu extend {spec.name} {flag.HOLD}` keeps it."
        said.append(f"The spec has no lifecycle.ttl, and {spec.name} expires at {expires}: {keep}")
    return said


def _asked_once(spec: ClusterSpec) -> Iterator[str]:
    """Settings that are told when a thing is made, if they are not the default."""
    parts = [("", document_of(spec), document_of(ClusterSpec()))] + [
        (f"nodePools[{pool.name}].", document_of(pool), document_of(DEFAULT_POOL))
        for pool in spec.node_pools
    ]
    for row in FIELDS:
        if row.compared == "once":
            for above, document, default in parts:
                key = row.in_pool or row.key
                same = value_at(document, key) == value_at(default, key)
                if bool(row.in_pool) == bool(above) and not same:
                    yield f"{above}{key}"


def reads_of(spec: ClusterSpec) -> tuple[str, ...]:
    """The calls that the comparison makes for ``spec``."""
    return (*READS, "containers.addons") if _looks_at_addons(spec) else READS


def _looks_at_addons(spec: ClusterSpec) -> bool:
    """Whether the spec says of addons what a cluster itself does not tell."""
    pinned = any(addon.version or addon.config for addon in spec.cluster.addons)
    return pinned or not spec.network.is_flannel


def _reads(cloud: Cloud, blueprint: Blueprint, cluster: Cluster | None) -> dict[str, Any]:
    nat = blueprint.spec.network.nat
    reads: dict[str, Any] = {}
    if nat.id or not nat.create:
        reads["gateways"] = partial(cloud.network.nat_gateways, tags=blueprint.ours)
    if cluster is not None:
        reads["pools"] = partial(cloud.containers.node_pools, cluster.id)
        reads["vswitches"] = partial(cloud.network.vswitches, tags=blueprint.ours)
        if _looks_at_addons(blueprint.spec):
            configured = [a.name for a in blueprint.spec.cluster.addons if a.config]
            reads["addons"] = partial(cloud.containers.addons, cluster.id, configured=configured)
    return reads


def _home_drift(blueprint: Blueprint, plan: Plan, cluster: Cluster) -> list[Drift]:
    """A cluster in a VPC or a security group that was given to it, which the spec leaves out."""
    absent = {p.step.name for p in plan.steps if isinstance(p.finding, Absent)}
    network = blueprint.spec.network
    homes = (
        ("network.vpc.id", "vpc", network.vpc.id, cluster.vpc_id),
        (
            "network.securityGroupId",
            "security group",
            network.security_group_id,
            cluster.security_group_id,
        ),
    )
    return [
        Drift(key, NONE, home)
        for key, step, given, home in homes
        if home and not given and step in absent
    ]


@dataclass(frozen=True)
class _Places:
    """The vSwitches of the blueprint beside those of ours that stand."""

    blueprint: Blueprint
    plan: Plan
    ours: Sequence[VSwitch]

    def id_of(self, zone: ZonePlan) -> str:
        """The vSwitch's id; empty if it is still to be made."""
        found: VSwitch | None = self.plan.values.ready.get(f"vswitch {zone.short}")
        return zone.vswitch_id or (found.id if found else "")

    def told(self, ids: Iterable[str]) -> str:
        """Vswitches in words: ours by their zone, others by their id."""
        zones = {vswitch.id: vswitch.zone_id for vswitch in self.ours}
        return ", ".join(sorted(zones.get(id_, id_) for id_ in ids)) or NONE

    def wanted(self, zones: Iterable[ZonePlan]) -> str:
        """The same of the blueprint's."""
        return ", ".join(sorted(zone.vswitch_id or zone.zone_id for zone in zones)) or NONE


def _zone_drift(places: _Places, cluster: Cluster, pools: Sequence[NodePool]) -> list[Drift]:
    """Node pools that stand elsewhere, or zones of the spec that the cluster does not have.

    ``nodepool add`` may put a pool into some of the zones, or into a vSwitch of somebody else's.
    """
    known = {*cluster.vswitch_ids, *(vswitch.id for vswitch in places.ours)}
    stands = {id_ for pool in pools for id_ in pool.vswitch_ids} & known
    # No pool in any of them: an earlier run got no stock, and this one may go elsewhere.
    if not stands:
        return []
    zones = places.blueprint.zones
    named = zones[: len(places.blueprint.spec.network.vswitches)]
    allowed = {places.id_of(zone) for zone in zones}
    needed = {places.id_of(zone) for zone in named}
    if stands <= allowed and needed <= {*cluster.vswitch_ids, *stands}:
        return []
    return [Drift("network.vswitches", places.wanted(zones), places.told(stands))]


def _pod_zone_drift(places: _Places, addons: Sequence[Addon]) -> list[Drift]:
    """Terway's vSwitches for pods: its configuration names them."""
    has = {id_ for addon in addons if "terway" in addon.name for id_ in pod_vswitch_ids(addon)}
    if places.blueprint.spec.network.is_flannel or not has:
        return []
    zones = places.blueprint.pod_zones or places.blueprint.zones
    if has <= {places.id_of(zone) for zone in zones} and (
        not places.blueprint.pod_zones or {places.id_of(zone) for zone in zones} <= has
    ):
        return []
    return [Drift("network.podVswitches", places.wanted(zones), places.told(has))]


def pod_vswitch_ids(addon: Addon) -> list[str]:
    """The vSwitches that Terway's configuration names (CS API reference, addons)."""
    try:
        by_zone = json.loads(addon.config or "{}").get("PodVswitchId", {})
        return [str(id_) for ids in by_zone.values() for id_ in ids]
    except (ValueError, AttributeError):
        return []


def _way_out_drift(
    blueprint: Blueprint, plan: Plan, gateways: Sequence[NatGateway]
) -> tuple[Drift, ...]:
    """A gateway or an address of ours that the spec does without."""
    nat = blueprint.spec.network.nat
    ours = ", ".join(gateway.id for gateway in gateways)
    if ours and nat.id:
        return () if nat.id in ours else (Drift("network.nat.id", nat.id, ours),)
    if ours:
        return (Drift("network.nat.create", "false", ours),)
    gateway: NatGateway | None = plan.values.ready.get("nat gateway")
    if gateway is None or nat.id or not gateway.eip_ids:
        return ()
    eip = plan.values.ready.get("eip")
    if eip is not None and eip.id in gateway.eip_ids:
        return ()
    return (Drift("network.nat.eip.id", nat.eip.id or NONE, ", ".join(gateway.eip_ids)),)


def _addon_drift(blueprint: Blueprint, cluster: Cluster, addons: Sequence[Addon]) -> list[Drift]:
    """Addons that the spec leaves out, and versions and settings that it pins."""
    rows = {addon.name: addon for addon in addons}
    drifts: list[Drift] = []
    for asked in blueprint.spec.cluster.addons:
        key = f"cluster.addons.{asked.name}"
        if asked.disabled and asked.name in cluster.addons:
            drifts.append(Drift(key, "not installed", "installed"))
        elif asked.name in rows and not asked.disabled:
            drifts += _pinned(asked, rows[asked.name], key)
    return drifts


def _pinned(asked: AddonSpec, has: Addon, key: str) -> Iterable[Drift]:
    if asked.version and asked.version != has.version:
        yield Drift(f"{key}.version", asked.version, has.version)
    if asked.config and parsed(asked.config) != parsed(has.config):
        yield Drift(f"{key}.config", asked.config, has.config or NONE)


def _ttl_drift(blueprint: Blueprint, cluster: Cluster) -> list[Drift]:
    """Another lifetime than it was made or extended with, which a tag keeps.

    The expiry itself would tell nothing: it is put off by hand, and every run that goes on would
    come to a later one.
    """
    ttl = blueprint.spec.lifecycle.ttl
    has, expires = cluster.tags.get(TTL_TAG, ""), cluster.tags.get(EXPIRES_TAG, "")
    wanted = "" if ttl is None else durations.format_seconds(ttl)
    if wanted == has or not wanted or (expires and not has):  # one made before there was the tag
        return []
    return [Drift("lifecycle.ttl", wanted, has or NONE, f"extend NAME {flag.TTL} {wanted}")]


def _further_pools(blueprint: Blueprint, pools: Sequence[NodePool]) -> list[Drift]:
    """Pools of ours that the spec does not have."""
    named: Collection[str] = {pool.name for pool in blueprint.spec.node_pools}
    return [
        Drift(
            f"nodePools[{pool.name}]",
            NONE,
            f"{pool.total} × {' or '.join(pool.instance_types)}",
            f"nodepool delete NAME {pool.name}",
        )
        for pool in pools
        # One on its way out is a difference that mends itself.
        if pool.name not in named and pool.state != "deleting"
    ]
