"""The limits of an account: what is documented of each, by the day of the page, and by edition.

The table is ``data/limits.toml``. Live values are read by :mod:`ackgpu.preflight.quota`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from ackgpu import flag
from ackgpu.errors import UsageError
from ackgpu.spec.instance_limits import FAMILIES, OTHERS, whole_gpu_limit
from ackgpu.tables import table

PROFILES = ("2020", "2026")
"""The documented profiles; the first is the fallback."""
BASIC = "ack.standard"


@dataclass(frozen=True)
class Edition:
    """What documented limits depend on: the cluster's edition and its network plugin."""

    cluster_spec: str
    plugin: str

    def value_of(self, documented: Any) -> int | None:
        """The number that a documented value means; None where the page does not say."""
        found = documented
        for key in (
            "basic" if self.cluster_spec == BASIC else "pro",
            "flannel" if self.plugin == "flannel" else "terway",
        ):
            if isinstance(found, Mapping):
                found = found.get(key)
        return None if found is None else int(found)


@dataclass(frozen=True)
class LimitKind:
    """A kind of limit. ``names`` are what its quota is called in Quota Center.

    ``doubt``: why one more than is known may be needed, if the spec has what ``doubted_by`` names.
    """

    key: str
    title: str
    scope: str
    product: str
    names: tuple[str, ...]
    advice: str
    documented: Mapping[str, Any]
    user_quota: tuple[str, ...] = ()
    attribute: str = ""
    fixed: Mapping[str, int] | None = None
    doubt: str = ""
    doubted_by: str = ""

    def documented_for(self, profile: str, edition: Edition) -> int | None:
        """The documented figure, or None where the profile's page does not name one."""
        return edition.value_of(self.documented.get(profile))

    def fixed_for(self, edition: Edition) -> int | None:
        """The figure that an edition has whatever the account's quota says."""
        return edition.value_of(self.fixed) if self.fixed else None

    @property
    def request_at(self) -> str:
        """Where more is requested."""
        return str(table("preflight", "limits")["console"]).format(product=self.product)


@cache
def limit_kinds() -> Mapping[str, LimitKind]:
    """Every kind by its key, in the order of the table."""
    rows = {key: row for key, row in table("preflight", "limits").items() if isinstance(row, dict)}
    whole = rows.pop("whole_gpus")
    single = {
        key: LimitKind(
            key=key,
            title=row["title"],
            scope=row["scope"],
            product=row["quota"]["product"],
            names=tuple(row["quota"]["names"]),
            advice=row["advice"],
            documented=row.get("documented", {}),
            user_quota=tuple(row.get("user_quota", ())),
            attribute=row.get("attribute", ""),
            fixed=row.get("fixed"),
            doubt=row.get("doubt", ""),
            doubted_by=row.get("doubted_by", ""),
        )
        for key, row in rows.items()
    }
    return single | dict(_whole_gpus(whole))


def _whole_gpus(row: Mapping[str, Any]) -> Iterator[tuple[str, LimitKind]]:
    for family in (*FAMILIES, OTHERS):
        for paying, billing in row["paying"].items():
            key = whole_gpu_limit(family, paying)
            known = family != OTHERS
            yield (
                key,
                LimitKind(
                    key=key,
                    title=row["title"].format(family=family, billing=billing),
                    scope="region",
                    product=row["product"],
                    names=(row["name"].format(family=family, paying=paying),) if known else (),
                    advice=row["advice"],
                    documented={},
                ),
            )


def ticket_link() -> str:
    """Where a ticket is opened (the ACK page on lightweight GPU clusters)."""
    return str(table("preflight", "limits")["ticket"])


def checked_profile(name: str) -> str:
    """``name`` if it is a documented profile. Raises UsageError."""
    if name not in PROFILES:
        raise UsageError(
            f"{flag.LIMITS} {name} is not known.", resolution=f"One of: {', '.join(PROFILES)}."
        )
    return name


def overrides_of(texts: tuple[str, ...]) -> dict[str, int]:
    """Limits given as ``eips=30``. Raises UsageError for what is no limit or no number."""
    found: dict[str, int] = {}
    for text in texts:
        key, _, value = text.partition("=")
        key = key.strip().replace("-", "_")
        if key not in limit_kinds():
            raise UsageError(
                f"{flag.LIMIT} {text}: there is no limit {key!r}.",
                resolution=f"One of: {', '.join(limit_kinds())}.",
            )
        if not value.strip().isdecimal():
            raise UsageError(f"{flag.LIMIT} {text}: {value!r} is not a number.")
        found[key] = int(value)
    return found
