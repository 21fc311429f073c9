"""What each limit is worth: the first source that tells, and where that was.

In order: an override, what the edition fixes, Quota Center, the product's own call
(DescribeUserQuota, DescribeAccountAttributes), the documented profile. If a source that should know
could not be read, the documented figure stands in and its source says ``assumed``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ackgpu.cloud.api import Quota
from ackgpu.engine.reads import Read, ReadResults
from ackgpu.errors import reason
from ackgpu.preflight.facts import Target
from ackgpu.preflight.limits import PROFILES, Edition, LimitKind
from ackgpu.preflight.reads import ATTRIBUTES, USER_QUOTA, quotas_of


@dataclass(frozen=True)
class LimitRules:
    """How limits are judged. ``profile``: which documented page is the fallback."""

    profile: str = PROFILES[0]
    overrides: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class LimitValue:
    """A limit's value. ``why_unknown``: which source could not be read. ``regional``: its scope.

    ``used``: how much of it Quota Center says is used; None if it does not count that.
    """

    value: int | None
    source: str
    why_unknown: str = ""
    regional: bool = False
    used: int | None = None


def live_sources(kind: LimitKind) -> list[Read[Any]]:
    """The keys of the reads that may tell a limit."""
    sources: list[Read[Any]] = [quotas_of(kind.product)]
    sources += [USER_QUOTA] if kind.user_quota else []
    sources += [ATTRIBUTES] if kind.attribute else []
    return sources


def live_value(
    kind: LimitKind, target: Target, facts: ReadResults, rules: LimitRules
) -> LimitValue:
    """The value of a limit in ``target``'s region."""
    edition = Edition(target.spec.cluster.spec, target.spec.network.plugin)
    settled, live = _settled(kind, edition, rules), _live(kind, target.region, facts)
    if settled is not None:  # only the value is settled: what it counts over stays the account's
        return replace(settled, regional=live is not None and live.regional,
                       used=None if live is None else live.used)  # fmt: skip
    if live is not None:
        return live
    errors = [error for name in live_sources(kind) if (error := facts.error(name))]
    written = documented_value(kind, edition, rules)
    # Nobody was asked who could tell: that is the document's word, and not an assumption.
    if not errors:
        return written
    return LimitValue(written.value, f"assumed {rules.profile}", reason(errors[0]))


def _live(kind: LimitKind, region: str, facts: ReadResults) -> LimitValue | None:
    quota = _quota(kind, region, facts)
    if quota is not None:
        used = None if quota.used is None else int(quota.used)
        return LimitValue(int(quota.limit), "live", regional=quota.regional, used=used)
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


def _quota(kind: LimitKind, region: str, facts: ReadResults) -> Quota | None:
    rows = facts.get(quotas_of(kind.product)) or []
    for name in (name.format(region=region) for name in kind.names):
        found = next((row for row in rows if name in {row.action_code, row.name}), None)
        if found is not None:
            return found
    return None


def _own_call(kind: LimitKind, facts: ReadResults) -> int | None:
    limits = facts.get(USER_QUOTA) or {}
    for name in kind.user_quota:
        if name in limits:
            return int(limits[name])
    text = (facts.get(ATTRIBUTES) or {}).get(kind.attribute, "")
    return int(text) if text.isdecimal() else None
