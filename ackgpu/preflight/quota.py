"""Whether the account's limits leave room for what is to be made.

Use is counted from what exists, in all regions where a limit holds for the account. A limit's value
comes from the first of: an override, what the edition fixes, Quota Center, the product's own call
(DescribeUserQuota, DescribeAccountAttributes), the documented profile. A source that should know
and could not be read makes its limit unknown, and no other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

from ackgpu.cloud.api import Cloud, Eip, Instance, Quota
from ackgpu.errors import AckGpuError
from ackgpu.preflight.facts import Facts, Reads, Target, reason
from ackgpu.preflight.limits import PROFILES, Edition, LimitKind, limit_kinds, ticket_link
from ackgpu.spec import catalog
from ackgpu.spec.model import NetworkSpec

EVERYWHERE: Mapping[str, str] = {
    "eips": "eips in",
    "load_balancers": "load balancers in",
    "security_groups": "security groups in",
}
"""Limits that the documents give for the account, and the name of the read of one region."""
PER_NEW = frozenset({"nodes", "node_pools"})
"""Limits of the new cluster itself: nothing of it is used yet."""
VGPU = frozenset({"vgpu_instances", "vgpu_prepaid_instances", "vgpu_spot_instances"})

Verdict = Literal["ok", "short", "unknown"]


@dataclass(frozen=True)
class LimitCheck:
    """One limit. ``used`` and ``limit`` are None where they are not known, or not counted."""

    key: str
    title: str
    needed: int
    used: int | None
    limit: int | None
    source: str
    verdict: Verdict
    why_unknown: str = ""
    remedy: str = ""


@dataclass(frozen=True)
class LimitRules:
    """How limits are judged. ``profile``: which documented page is the fallback."""

    profile: str = PROFILES[0]
    overrides: Mapping[str, int] = field(default_factory=dict)


def quota_reads(target: Target) -> Reads:
    """The reads that the limits in ``target.needs`` ask for; they do not depend on each other."""
    cloud, needs = target.cloud, target.needs
    kinds = [kind for key, kind in limit_kinds().items() if key in needs]
    reads: dict[str, Callable[[], Any]] = {
        f"quotas {product}": partial(cloud.quota_center.quotas, product)
        for product in sorted({kind.product for kind in kinds})
    }
    attributes = [n for k in kinds for n in (k.attribute, k.used_attribute) if n]
    if attributes:
        reads["attributes"] = partial(cloud.compute.account_attributes, attributes)
    if any(kind.user_quota for kind in kinds):
        reads["user quota"] = cloud.containers.user_quota
    if "clusters" in needs:
        reads["clusters everywhere"] = cloud.containers.clusters
    if needs.keys() & EVERYWHERE.keys():
        reads["regions"] = cloud.compute.regions
        reads |= _reads_in(cloud, target.region, needs)
    if "vpcs" in needs:
        reads["vpcs"] = cloud.network.vpcs
    if needs.keys() & VGPU:
        reads["instances"] = cloud.compute.instances
    return reads | _reads_of_given(cloud, target.spec.network, needs)


def reads_in_regions(target: Target, name: str, value: Any) -> Reads:
    """The reads that follow from the list of regions: one of each kind in each other region."""
    if name != "regions":
        return {}
    found: dict[str, Callable[[], Any]] = {}
    for region in value:
        if region != target.region:
            found |= _reads_in(target.cloud.in_region(region), region, target.needs)
    return found


def check_limits(target: Target, facts: Facts, rules: LimitRules) -> list[LimitCheck]:
    """Every limit that the target touches, in the order of the table."""
    judge = _Judge(target, facts, rules)
    return [judge.check(kind) for key, kind in limit_kinds().items() if key in target.needs]


def offline(needs: Mapping[str, int], edition: Edition, rules: LimitRules) -> list[LimitCheck]:
    """The same from the documents alone: nothing is known of what is used."""
    rows = []
    for key, kind in limit_kinds().items():
        if key not in needs:
            continue
        limit, source = _written(kind, edition, rules)
        short = limit is not None and needs[key] > limit
        rows.append(
            LimitCheck(
                key=key,
                title=kind.title,
                needed=needs[key],
                used=None,
                limit=limit,
                source=source,
                verdict="unknown" if limit is None else "short" if short else "ok",
                why_unknown="" if limit is not None else "no document names it",
                remedy=_remedy(kind, ()) if short else "",
            )
        )
    return rows


def _reads_in(cloud: Cloud, region: str, needs: Mapping[str, int]) -> dict[str, Callable[[], Any]]:
    calls: Mapping[str, Callable[[], Any]] = {
        "eips": cloud.network.eips,
        "load_balancers": cloud.balancers.pay_as_you_go_count,
        "security_groups": cloud.compute.security_groups,
    }
    return {f"{EVERYWHERE[key]} {region}": call for key, call in calls.items() if key in needs}


def _reads_of_given(
    cloud: Cloud, network: NetworkSpec, needs: Mapping[str, int]
) -> dict[str, Callable[[], Any]]:
    vpc_id, nat_id = network.vpc.id, network.nat.id
    reads: dict[str, Callable[[], Any]] = {}
    if vpc_id and "route_entries" in needs:
        reads["route entries"] = partial(_route_entries, cloud, vpc_id)
    if vpc_id and "vswitches" in needs:
        reads["vswitches"] = partial(cloud.network.vswitches, vpc_id=vpc_id)
    if vpc_id and "nat_gateways" in needs:
        reads["nat gateways"] = partial(cloud.network.nat_gateways, vpc_id=vpc_id)
    if nat_id and "snat_entries" in needs:
        reads["snat entries"] = partial(_snat_entries, cloud, nat_id)
    return reads


def _route_entries(cloud: Cloud, vpc_id: str) -> list[Any]:
    rows = cloud.network.vpcs(ids=[vpc_id])
    return [
        entry
        for vpc in rows
        if vpc.route_table_id
        for entry in cloud.network.route_entries(table_id=vpc.route_table_id)
    ]


def _snat_entries(cloud: Cloud, nat_id: str) -> list[Any]:
    gateways = cloud.network.nat_gateways(ids=[nat_id])
    return [
        entry
        for gateway in gateways
        for entry in cloud.network.snat_entries(table_id=gateway.snat_table_id)
    ]


class _Judge:
    def __init__(self, target: Target, facts: Facts, rules: LimitRules) -> None:
        self._target = target
        self._facts = facts
        self._rules = rules
        spec = target.spec
        self._edition = Edition(spec.cluster.spec, spec.network.plugin)

    def check(self, kind: LimitKind) -> LimitCheck:
        needed = self._target.needs[kind.key]
        limit, source, why, regional = self._limit(kind)
        used: int | None = None
        try:
            used = self._used(kind, regional=regional)
        except AckGpuError as error:
            why = why or reason(error)
        counted = kind.key not in PER_NEW
        if limit is None and not why:
            why = "neither the account nor a document names it"
        verdict: Verdict = "ok"
        if why:
            verdict = "unknown"
        elif limit is not None and needed > limit - (used or 0):
            verdict = "short"
        return LimitCheck(
            key=kind.key,
            title=kind.title,
            needed=needed,
            used=used if counted else None,
            limit=limit,
            source=source,
            verdict=verdict,
            why_unknown=why,
            remedy=_remedy(kind, self._idle_eips()) if verdict == "short" else "",
        )

    def _limit(self, kind: LimitKind) -> tuple[int | None, str, str, bool]:
        """The value, its source, why a source that should know it does not, and its scope."""
        settled = _settled(kind, self._edition, self._rules)
        if settled is not None:
            return *settled, "", False
        quota = self._quota(kind)
        if quota is not None:
            return int(quota.limit), "live", "", quota.regional
        own = self._own_call(kind)
        if own is not None:
            return own, "live", "", bool(kind.attribute)
        return *_written(kind, self._edition, self._rules), self._unread(kind), False

    def _quota(self, kind: LimitKind) -> Quota | None:
        names = [name.format(region=self._target.region) for name in kind.names]
        rows: list[Quota] = self._facts.get(f"quotas {kind.product}") or []
        for name in names:
            found = next((row for row in rows if name in {row.action_code, row.name}), None)
            if found is not None:
                return found
        return None

    def _own_call(self, kind: LimitKind) -> int | None:
        limits = self._facts.get("user quota") or {}
        for name in kind.user_quota:
            if name in limits:
                return int(limits[name])
        text = (self._facts.get("attributes") or {}).get(kind.attribute, "")
        return int(text) if text.isdecimal() else None

    def _unread(self, kind: LimitKind) -> str:
        sources = [f"quotas {kind.product}"]
        sources += ["user quota"] if kind.user_quota else []
        sources += ["attributes"] if kind.attribute else []
        errors = [error for name in sources if (error := self._facts.error(name))]
        return reason(errors[0]) if errors else ""

    def _used(self, kind: LimitKind, *, regional: bool) -> int:
        facts, key = self._facts, kind.key
        if key == "clusters":
            return len(facts["clusters everywhere"])
        if key in EVERYWHERE:
            return self._used_everywhere(key, regional=regional)
        if key in VGPU:
            return sum(_is_of(instance, key) for instance in facts["instances"])
        if key == "vpcs":
            return len(facts["vpcs"])
        if kind.used_attribute:
            return int(facts["attributes"].get(kind.used_attribute) or 0)
        name = key.replace("_", " ")
        return len(facts[name]) if name in facts else 0

    def _used_everywhere(self, key: str, *, regional: bool) -> int:
        here = self._target.region
        regions = [here] if regional else [*self._facts["regions"]]
        return sum(_size(self._facts[f"{EVERYWHERE[key]} {region}"]) for region in regions)

    def _idle_eips(self) -> Iterable[Eip]:
        found = self._facts.get(f"{EVERYWHERE['eips']} {self._target.region}") or []
        return [eip for eip in found if eip.state == "Available"]


def _size(counted: Any) -> int:
    return counted if isinstance(counted, int) else len(counted)


def _is_of(instance: Instance, key: str) -> bool:
    """Whether an instance counts against a vGPU limit.

    DescribeInstances shows spot instances as pay-as-you-go ones: they count against both here,
    which errs on the safe side.
    """
    charge = "PrePaid" if key == "vgpu_prepaid_instances" else "PostPaid"
    return catalog.looks_vgpu(instance.type) and instance.charge_type == charge


def _settled(kind: LimitKind, edition: Edition, rules: LimitRules) -> tuple[int, str] | None:
    """The value that no quota changes: an override, or what the edition fixes."""
    if kind.key in rules.overrides:
        return rules.overrides[kind.key], "override"
    fixed = kind.fixed_for(edition)
    return None if fixed is None else (fixed, f"documented {PROFILES[-1]}")


def _written(kind: LimitKind, edition: Edition, rules: LimitRules) -> tuple[int | None, str]:
    """The value without asking anybody, and where it is from."""
    settled = _settled(kind, edition, rules)
    if settled is not None:
        return settled
    return kind.documented_for(rules.profile, edition), f"documented {rules.profile}"


def _remedy(kind: LimitKind, idle_eips: Iterable[Eip]) -> str:
    idle = [eip.id for eip in idle_eips] if kind.key == "eips" else []
    release = f"release what is not bound ({', '.join(idle[:3])}); or " if idle else ""
    return f"{release}{kind.advice}; or ask for more: {kind.request_at} (or {ticket_link()})"
