"""Whether the account's limits leave room for what is to be made.

Use is counted from what exists, in all regions where a limit holds for the account. A source that
should know a limit and could not be read makes that limit unknown, and no other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ackgpu.cloud.api import Eip, Instance
from ackgpu.errors import AckGpuError
from ackgpu.preflight.facts import Facts, Target, reason
from ackgpu.preflight.limit_values import LimitRules, documented_value, live_value
from ackgpu.preflight.limits import Edition, LimitKind, limit_kinds, ticket_link
from ackgpu.preflight.quota_reads import EVERYWHERE, REGIONS, VGPU
from ackgpu.spec import catalog

PER_NEW = frozenset({"nodes", "node_pools"})
"""Limits of the new cluster itself: nothing of it is used yet."""

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
        found = documented_value(kind, edition, rules)
        limit = found.value
        short = limit is not None and needs[key] > limit
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
            )
        )
    return rows


class _Judge:
    def __init__(self, target: Target, facts: Facts, rules: LimitRules) -> None:
        self._target = target
        self._facts = facts
        self._rules = rules

    def check(self, kind: LimitKind) -> LimitCheck:
        needed = self._target.needs[kind.key]
        found = live_value(kind, self._target, self._facts, self._rules)
        limit, why = found.value, found.why_unknown
        used: int | None = None
        try:
            used = self._used(kind, regional=found.regional)
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
            source=found.source,
            verdict=verdict,
            why_unknown=why,
            remedy=_remedy(kind, self._idle_eips()) if verdict == "short" else "",
        )

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
        regions = [here] if regional else [*self._facts[REGIONS]]
        return sum(_size(self._facts[f"{EVERYWHERE[key]} {region}"]) for region in regions)

    def _idle_eips(self) -> Iterable[Eip]:
        found = self._facts.get(f"{EVERYWHERE['eips']} {self._target.region}") or []
        return [eip for eip in found if eip.state == "Available"]


def _size(counted: Any) -> int:
    return counted if isinstance(counted, int) else len(counted)


def _is_of(instance: Instance, key: str) -> bool:
    """Whether an instance counts against a vGPU limit: spot, subscription or pay-as-you-go."""
    if not catalog.looks_vgpu(instance.type):
        return False
    if instance.spot:
        return key == "vgpu_spot_instances"
    prepaid = instance.charge_type == "PrePaid"
    return key == ("vgpu_prepaid_instances" if prepaid else "vgpu_instances")


def _remedy(kind: LimitKind, idle_eips: Iterable[Eip]) -> str:
    idle = [eip.id for eip in idle_eips] if kind.key == "eips" else []
    release = f"release what is not bound ({', '.join(idle[:3])}); or " if idle else ""
    return f"{release}{kind.advice}; or ask for more: {kind.request_at} (or {ticket_link()})"
