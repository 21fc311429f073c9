"""What each limit is worth: the first source that tells, and where that was.

In order: an override, what the edition fixes, Quota Center, the product's own call
(DescribeUserQuota, DescribeAccountAttributes), the documented profile. Where a source that should
know could not be read, the documented figure is shown and not believed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ackgpu.cloud.api import Quota
from ackgpu.preflight.facts import Facts, Target, reason
from ackgpu.preflight.limits import PROFILES, Edition, LimitKind


@dataclass(frozen=True)
class LimitRules:
    """How limits are judged. ``profile``: which documented page is the fallback."""

    profile: str = PROFILES[0]
    overrides: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class LimitValue:
    """A limit's value. ``why_unknown``: which source could not be read. ``regional``: its scope."""

    value: int | None
    source: str
    why_unknown: str = ""
    regional: bool = False


def live_sources(kind: LimitKind) -> list[str]:
    """The names of the reads that may tell a limit."""
    sources = [f"quotas {kind.product}"]
    sources += ["user quota"] if kind.user_quota else []
    sources += ["attributes"] if kind.attribute else []
    return sources


def live_value(kind: LimitKind, target: Target, facts: Facts, rules: LimitRules) -> LimitValue:
    """The value of a limit in ``target``'s region."""
    edition = Edition(target.spec.cluster.spec, target.spec.network.plugin)
    settled, live = _settled(kind, edition, rules), _live(kind, target.region, facts)
    if settled is not None:  # only the value is settled: what it counts over stays the account's
        return replace(settled, regional=live is not None and live.regional)
    if live is not None:
        return live
    errors = [error for name in live_sources(kind) if (error := facts.error(name))]
    written = documented_value(kind, edition, rules)
    return LimitValue(written.value, written.source, reason(errors[0]) if errors else "")


def _live(kind: LimitKind, region: str, facts: Facts) -> LimitValue | None:
    quota = _quota(kind, region, facts)
    if quota is not None:
        return LimitValue(int(quota.limit), "live", regional=quota.regional)
    own = _own_call(kind, facts)
    return None if own is None else LimitValue(own, "live", regional=bool(kind.attribute))


def documented_value(kind: LimitKind, edition: Edition, rules: LimitRules) -> LimitValue:
    """The value without asking anybody."""
    settled = _settled(kind, edition, rules)
    if settled is not None:
        return settled
    value = kind.documented_for(rules.profile, edition)
    return LimitValue(value, f"documented {rules.profile}")


def _settled(kind: LimitKind, edition: Edition, rules: LimitRules) -> LimitValue | None:
    """The value that no quota changes: an override, or what the edition fixes."""
    if kind.key in rules.overrides:
        return LimitValue(rules.overrides[kind.key], "override")
    fixed = kind.fixed_for(edition)
    return None if fixed is None else LimitValue(fixed, f"documented {PROFILES[-1]}")


def _quota(kind: LimitKind, region: str, facts: Facts) -> Quota | None:
    rows: list[Quota] = facts.get(f"quotas {kind.product}") or []
    for name in (name.format(region=region) for name in kind.names):
        found = next((row for row in rows if name in {row.action_code, row.name}), None)
        if found is not None:
            return found
    return None


def _own_call(kind: LimitKind, facts: Facts) -> int | None:
    limits = facts.get("user quota") or {}
    for name in kind.user_quota:
        if name in limits:
            return int(limits[name])
    text = (facts.get("attributes") or {}).get(kind.attribute, "")
    return int(text) if text.isdecimal() else None
