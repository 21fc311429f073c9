"""Whether the account's limits leave room for what is to be made.

Use is counted from what exists, in all regions where a limit holds for the account. If a source
that should know a limit could not be read, the documented figure stands in for that limit, and no
other, and is marked; what no document names is unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ackgpu.cloud.api import Eip, Instance, RouteEntry
from ackgpu.engine.reads import ReadResults
from ackgpu.errors import AckGpuError, reason
from ackgpu.preflight.facts import Target
from ackgpu.preflight.limit_values import LimitRules, LimitValue, documented_value, live_value
from ackgpu.preflight.limits import Edition, LimitKind, limit_kinds, ticket_link
from ackgpu.preflight.quota_reads import CLUSTERS, EVERYWHERE, IN_GIVEN, OF_INSTANCES
from ackgpu.preflight.reads import INSTANCES, ROUTE_ENTRIES, VPCS, eips_in
from ackgpu.spec import catalog
from ackgpu.spec.instance_limits import counts_against, paying_of
from ackgpu.steps.reads import REGIONS

PER_NEW = frozenset({"nodes", "node_pools"})
"""Limits of the new cluster itself: nothing of it is used yet."""

Verdict = Literal["ok", "short", "unknown"]


@dataclass(frozen=True)
class LimitCheck:
    """One limit. ``used`` and ``limit`` are None where they are not known, or not counted.

    ``why_unknown`` of one that is not unknown says why a documented figure stands in. ``doubt`` of
    one that is ok and at its border says what may be needed besides.
    """

    key: str
    title: str
    needed: int
    used: int | None
    limit: int | None
    source: str
    verdict: Verdict
    why_unknown: str = ""
    remedy: str = ""
    doubt: str = ""


def check_limits(target: Target, facts: ReadResults, rules: LimitRules) -> list[LimitCheck]:
    """Every limit that the target touches, in the order of the table."""
    judge = _Judge(target, facts, rules)
    return [judge.check(kind) for key, kind in limit_kinds().items() if key in target.needs]


def offline(needs: Mapping[str, int], edition: Edition, rules: LimitRules) -> list[LimitCheck]:
    """The same only from the documents: nothing is known of what is used."""
    rows = []
    for key, kind in limit_kinds().items():
        if key not in needs:
            continue
        found = documented_value(kind, edition, rules)
        limit = found.value
        short = limit is not None and needs[key] > limit
        tight = limit is not None and needs[key] == limit
        rows.append(
            LimitCheck(
                key=key,
                title=kind.title,
                needed=needs[key],
                used=None,
                limit=limit,
                source=found.source,
                verdict="unknown" if limit is None else "short" if short else "ok",
                why_unknown="" if limit is not None else "no document names it",
                remedy=_remedy(kind, ()) if short else "",
                doubt=kind.doubt if tight else "",
            )
        )
    return rows


class _Judge:
    def __init__(self, target: Target, facts: ReadResults, rules: LimitRules) -> None:
        self._target = target
        self._facts = facts
        self._rules = rules

    def check(self, kind: LimitKind) -> LimitCheck:
        needed = self._target.needs[kind.key]
        found = live_value(kind, self._target, self._facts, self._rules)
        limit, why = found.value, found.why_unknown
        used: int | None = None
        uncounted = ""
        try:
            used = self._used(kind, found)
        except AckGpuError as error:
            uncounted = reason(error)
        counted = kind.key not in PER_NEW
        if limit is None and not why:
            why = "neither the account nor a document names it"
        verdict: Verdict = "ok"
        if limit is None or uncounted:
            verdict = "unknown"
        elif needed > limit - (used or 0):
            verdict = "short"
        # Only at the very border would the doubt decide.
        tight = verdict == "ok" and needed == (limit or 0) - (used or 0)
        return LimitCheck(
            key=kind.key,
            title=kind.title,
            needed=needed,
            used=used if counted else None,
            limit=limit,
            source=found.source,
            verdict=verdict,
            why_unknown=uncounted or why,
            remedy=_remedy(kind, self._idle_eips()) if verdict == "short" else "",
            doubt=kind.doubt if tight and self._doubts(kind) else "",
        )

    def _doubts(self, kind: LimitKind) -> bool:
        """Whether what is to be made has what the limit's doubt is about."""
        spec = self._target.spec
        if kind.doubted_by == "public endpoint":
            return spec.cluster.endpoint_public_access
        ways_out = (is_way_out(entry) for entry in self._facts.get(ROUTE_ENTRIES) or ())
        return spec.network.nat.create or any(ways_out)

    def _used(self, kind: LimitKind, found: LimitValue) -> int:
        facts, key = self._facts, kind.key
        if key in EVERYWHERE:
            # Quota Center counts per account; clusters are
            # listed everywhere all the same, for their names.
            counted = None if found.regional or key == CLUSTERS else found.used
            if counted is not None:
                return counted
            return self._used_everywhere(key, regional=found.regional)
        if OF_INSTANCES.fullmatch(key):
            return sum(_counted(instance, key) for instance in facts[INSTANCES])
        if key == "vpcs":
            return len(facts[VPCS])
        # Whether the NAT gateway's own entry counts is
        # not published (field facts): the doubt says so.
        if key == "route_entries" and ROUTE_ENTRIES in facts:
            return sum(not is_way_out(entry) for entry in facts[ROUTE_ENTRIES])
        listed = IN_GIVEN.get(key)
        return len(facts[listed]) if listed and listed in facts else 0

    def _used_everywhere(self, key: str, *, regional: bool) -> int:
        here = self._target.region
        regions = [here] if regional else [*self._facts[REGIONS]]
        return sum(_size(self._facts[EVERYWHERE[key](region)]) for region in regions)

    def _idle_eips(self) -> Iterable[Eip]:
        found = self._facts.get(eips_in(self._target.region)) or []
        return [eip for eip in found if eip.state == "Available"]


def is_way_out(entry: RouteEntry) -> bool:
    """Whether it is the entry that a NAT gateway brings, which is no node's."""
    return entry.cidr == "0.0.0.0/0" and entry.next_hop.startswith("ngw-")


def _size(counted: Any) -> int:
    return counted if isinstance(counted, int) else len(counted)


def _counted(instance: Instance, key: str) -> int:
    """How much an instance takes of the limit ``key``."""
    if not catalog.looks_vgpu(instance.type) and not catalog.looks_whole_gpu(instance.type):
        return 0
    paying = paying_of(instance.charge_type, spot=instance.spot)
    limit, amount = counts_against(instance.type, paying)
    return amount if limit == key else 0


def _remedy(kind: LimitKind, idle_eips: Iterable[Eip]) -> str:
    idle = [eip.id for eip in idle_eips] if kind.key == "eips" else []
    release = f"release what is not bound ({', '.join(idle[:3])}); or " if idle else ""
    return f"{release}{kind.advice}; or ask for more: {kind.request_at} (or {ticket_link()})"
