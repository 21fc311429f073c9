"""The reads that tell what limits there are and what is used of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Any

from ackgpu.cloud.api import Cloud, NetworkApi, RouteEntry, SnatEntry
from ackgpu.preflight.facts import ReadResults, Reads, Target
from ackgpu.preflight.limit_values import LimitRules, live_sources, live_value
from ackgpu.preflight.limits import limit_kinds
from ackgpu.preflight.reads import (
    ATTRIBUTES,
    INSTANCES,
    NAT_GATEWAYS,
    REGIONS,
    ROUTE_ENTRIES,
    SNAT_ENTRIES,
    USER_QUOTA,
    VPCS,
    VSWITCHES,
    Read,
    balancers_in,
    clusters_in,
    eips_in,
    groups_in,
    quotas_of,
)
from ackgpu.spec.model import NetworkSpec

CLUSTERS = "clusters"
EVERYWHERE: Mapping[str, Callable[[str], Read[Any]]] = {
    CLUSTERS: clusters_in,
    "eips": eips_in,
    "load_balancers": balancers_in,
    "security_groups": groups_in,
}
"""Limits that the documents give for the account, and the read of one region.

ACK lists the clusters of one region a call (CS API reference, DescribeClustersForRegion).
"""
IN_GIVEN: Mapping[str, Read[list[Any]]] = {
    "vswitches": VSWITCHES, "nat_gateways": NAT_GATEWAYS, "snat_entries": SNAT_ENTRIES,
}  # fmt: skip
"""Limits that are counted in a given network, and the read of what is there."""
OF_INSTANCES = re.compile("vgpu_.*|gpus_.*")
"""The limits that instances count against (:mod:`ackgpu.spec.instance_limits`)."""


def quota_reads(target: Target) -> Reads:
    """The reads that the limits in ``target.needs`` ask for; they do not depend on each other."""
    cloud, needs = target.cloud, target.needs
    kinds = [kind for key, kind in limit_kinds().items() if key in needs]
    reads: dict[str, Callable[[], Any]] = {
        quotas_of(product): partial(cloud.quota_center.quotas, product)
        for product in sorted({kind.product for kind in kinds})
    }
    attributes = [kind.attribute for kind in kinds if kind.attribute]
    if attributes:
        reads[ATTRIBUTES] = partial(cloud.compute.account_attributes, attributes)
    if any(kind.user_quota for kind in kinds):
        reads[USER_QUOTA] = cloud.containers.user_quota
    if needs.keys() & EVERYWHERE.keys():
        reads[REGIONS] = cloud.compute.regions
        reads |= _reads_in(cloud, target.region, needs)
    if "vpcs" in needs:
        reads[VPCS] = cloud.network.vpcs
    if any(OF_INSTANCES.fullmatch(key) for key in needs):
        reads[INSTANCES] = cloud.compute.instances
    return reads | _reads_of_given(cloud, target.spec.network, needs)


class OtherRegions:
    """The reads that follow once the regions are known: of what an account-wide limit counts.

    A limit that the account shows as one of the region, or whose use Quota Center counts, needs
    none; but for clusters, whose names are looked for everywhere (:mod:`ackgpu.preflight.name`).
    Told each read's result by
    :func:`ackgpu.engine.gather.settle_all`.
    """

    def __init__(self, target: Target, rules: LimitRules) -> None:
        self._target = target
        self._rules = rules
        self._results: dict[str, Any] = {}
        self._waiting = {
            key: {REGIONS} if key == CLUSTERS else {REGIONS, *live_sources(kind)}
            for key, kind in limit_kinds().items()
            if key in EVERYWHERE and key in target.needs
        }

    def __call__(self, name: str, value: Any) -> Reads:
        """What to read next, now that ``name`` has come to ``value``."""
        self._results[name] = value
        ready = {k for k, names in self._waiting.items() if names <= self._results.keys()}
        for key in ready:
            del self._waiting[key]
        return self._reads({k for k in ready if k == CLUSTERS or not self._is_counted(k)})

    def _is_counted(self, key: str) -> bool:
        """Whether what is used of an account-wide limit is known without the other regions."""
        kind = limit_kinds()[key]
        found = live_value(kind, self._target, ReadResults(self._results), self._rules)
        return found.regional or found.used is not None

    def _reads(self, keys: set[str]) -> Reads:
        regions = self._results.get(REGIONS)
        if not isinstance(regions, list):
            return {}
        found: dict[str, Callable[[], Any]] = {}
        for region in regions:
            if region != self._target.region:
                found |= _reads_in(self._target.cloud.in_region(region), region, keys)
        return found


def _reads_in(cloud: Cloud, region: str, needs: Collection[str]) -> dict[str, Callable[[], Any]]:
    calls: Mapping[str, Callable[[], Any]] = {
        CLUSTERS: cloud.containers.clusters,
        "eips": cloud.network.eips,
        "load_balancers": cloud.balancers.pay_as_you_go_count,
        "security_groups": cloud.compute.security_groups,
    }
    return {EVERYWHERE[key](region): call for key, call in calls.items() if key in needs}


def _reads_of_given(
    cloud: Cloud, network: NetworkSpec, needs: Mapping[str, int]
) -> dict[str, Callable[[], Any]]:
    vpc_id, nat_id = network.vpc.id, network.nat.id
    reads: dict[str, Callable[[], Any]] = {}
    if vpc_id and "route_entries" in needs:
        reads[ROUTE_ENTRIES] = route_entries_of(cloud.network, vpc_id)
    if vpc_id and "vswitches" in needs:
        reads[VSWITCHES] = partial(cloud.network.vswitches, vpc_id=vpc_id)
    if vpc_id and "nat_gateways" in needs:
        reads[NAT_GATEWAYS] = partial(cloud.network.nat_gateways, vpc_id=vpc_id)
    if nat_id and "snat_entries" in needs:
        reads[SNAT_ENTRIES] = _snat_entries_of(cloud.network, nat_id)
    return reads


def route_entries_of(network: NetworkApi, vpc_id: str) -> Callable[[], list[RouteEntry]]:
    """A read of the custom entries of a VPC's system route table; none where there is no VPC."""
    vpcs, route_entries = network.vpcs, network.route_entries

    def read() -> list[RouteEntry]:
        tables = [vpc.route_table_id for vpc in vpcs(ids=[vpc_id]) if vpc.route_table_id]
        return [entry for table_id in tables for entry in route_entries(table_id=table_id)]

    return read


def _snat_entries_of(network: NetworkApi, nat_id: str) -> Callable[[], list[SnatEntry]]:
    nat_gateways, snat_entries = network.nat_gateways, network.snat_entries

    def read() -> list[SnatEntry]:
        tables = [gateway.snat_table_id for gateway in nat_gateways(ids=[nat_id])]
        return [entry for table_id in tables for entry in snat_entries(table_id=table_id)]

    return read
