"""The reads that tell what limits there are and what is used of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any

from ackgpu.cloud.api import (
    BalancerApi,
    Cloud,
    ComputeApi,
    ContainerApi,
    NetworkApi,
    QuotaApi,
    RouteEntry,
    SnatEntry,
)
from ackgpu.engine.reads import Read, ReadResults
from ackgpu.preflight.calls import CloudCall, call, name_of
from ackgpu.preflight.facts import Reads, Target, in_account
from ackgpu.preflight.limit_values import LimitRules, live_sources, live_value
from ackgpu.preflight.limits import limit_kinds
from ackgpu.preflight.reads import (
    ATTRIBUTES,
    INSTANCES,
    NAT_GATEWAYS,
    ROUTE_ENTRIES,
    SNAT_ENTRIES,
    USER_QUOTA,
    VPCS,
    VSWITCHES,
    balancers_in,
    clusters_in,
    eips_in,
    groups_in,
    quotas_of,
)
from ackgpu.spec.model import NetworkSpec
from ackgpu.steps.reads import REGIONS

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
    needs = target.needs
    kinds = [kind for key, kind in limit_kinds().items() if key in needs]
    reads: dict[Read[Any], CloudCall[Any]] = {
        quotas_of(product): call(QuotaApi.quotas, product)
        for product in sorted({kind.product for kind in kinds})
    }
    attributes = [kind.attribute for kind in kinds if kind.attribute]
    if attributes:
        reads[ATTRIBUTES] = call(ComputeApi.account_attributes, attributes)
    if any(kind.user_quota for kind in kinds):
        reads[USER_QUOTA] = call(ContainerApi.user_quota)
    if needs.keys() & EVERYWHERE.keys():
        reads[REGIONS] = call(ComputeApi.regions)
        reads |= _reads_in(target.region, needs)
    if "vpcs" in needs:
        reads[VPCS] = call(NetworkApi.vpcs)
    if any(OF_INSTANCES.fullmatch(key) for key in needs):
        reads[INSTANCES] = call(ComputeApi.instances)
    return reads | _reads_of_given(target.spec.network, needs)


class OtherRegions:
    """The reads that follow once the regions are known: of what an account-wide limit counts.

    A limit that the account shows as one of the region, or whose use Quota Center counts, needs
    none; but for clusters, whose names are looked for everywhere (:mod:`ackgpu.preflight.name`).
    Told each read's result by
    :func:`ackgpu.engine.gather.settle_all`.
    """

    def __init__(self, target: Target, cloud: Cloud, rules: LimitRules) -> None:
        self._target = target
        self._cloud = cloud
        self._rules = rules
        self._results: dict[Read[Any], Any] = {}
        self._waiting = {
            key: {REGIONS} if key == CLUSTERS else {REGIONS, *live_sources(kind)}
            for key, kind in limit_kinds().items()
            if key in EVERYWHERE and key in target.needs
        }

    def __call__(self, read: Read[Any], value: Any) -> Mapping[Read[Any], Callable[[], Any]]:
        """What to read next, now that ``read`` has come to ``value``."""
        self._results[read] = value
        # Results come one by one; a limit is decided once all that may tell it have come.
        ready = {k for k, names in self._waiting.items() if names <= self._results.keys()}
        for key in ready:
            del self._waiting[key]
        more = self._reads({k for k in ready if k == CLUSTERS or not self._is_counted(k)})
        return in_account(more, self._cloud)

    def _is_counted(self, key: str) -> bool:
        """Whether what is used of an account-wide limit is known without the other regions."""
        kind = limit_kinds()[key]
        found = live_value(kind, self._target, ReadResults(self._results), self._rules)
        return found.regional or found.used is not None

    def _reads(self, keys: set[str]) -> Reads:
        regions = self._results.get(REGIONS)
        if not keys or not isinstance(regions, list):
            return {}
        here = self._target.region
        return {
            read: replace(asked, region=region)
            for region in regions
            if region != here
            for read, asked in _reads_in(region, keys).items()
        }


def _reads_in(region: str, needs: Collection[str]) -> dict[Read[Any], CloudCall[Any]]:
    calls: Mapping[str, CloudCall[Any]] = {
        CLUSTERS: call(ContainerApi.clusters),
        "eips": call(NetworkApi.eips),
        "load_balancers": call(BalancerApi.pay_as_you_go_count),
        "security_groups": call(ComputeApi.security_groups),
    }
    return {EVERYWHERE[key](region): asked for key, asked in calls.items() if key in needs}


def _reads_of_given(
    network: NetworkSpec, needs: Mapping[str, int]
) -> dict[Read[Any], CloudCall[Any]]:
    vpc_id, nat_id = network.vpc.id, network.nat.id
    reads: dict[Read[Any], CloudCall[Any]] = {}
    if vpc_id and "route_entries" in needs:
        reads[ROUTE_ENTRIES] = route_entries_of(vpc_id)
    if vpc_id and "vswitches" in needs:
        reads[VSWITCHES] = call(NetworkApi.vswitches, vpc_id=vpc_id)
    if vpc_id and "nat_gateways" in needs:
        reads[NAT_GATEWAYS] = call(NetworkApi.nat_gateways, vpc_id=vpc_id)
    if nat_id and "snat_entries" in needs:
        reads[SNAT_ENTRIES] = _snat_entries_of(nat_id)
    return reads


def route_entries_of(vpc_id: str) -> CloudCall[list[RouteEntry]]:
    """A read of the custom entries of a VPC's system route table; none where there is no VPC."""

    def read(cloud: Cloud) -> list[RouteEntry]:
        vpcs = cloud.network.vpcs(ids=[vpc_id])
        tables = [vpc.route_table_id for vpc in vpcs if vpc.route_table_id]
        entries = (cloud.network.route_entries(table_id=table_id) for table_id in tables)
        return [entry for rows in entries for entry in rows]

    return CloudCall((name_of(NetworkApi.vpcs), name_of(NetworkApi.route_entries)), read)


def _snat_entries_of(nat_id: str) -> CloudCall[list[SnatEntry]]:
    def read(cloud: Cloud) -> list[SnatEntry]:
        tables = [gateway.snat_table_id for gateway in cloud.network.nat_gateways(ids=[nat_id])]
        entries = (cloud.network.snat_entries(table_id=table_id) for table_id in tables)
        return [entry for rows in entries for entry in rows]

    return CloudCall((name_of(NetworkApi.nat_gateways), name_of(NetworkApi.snat_entries)), read)
