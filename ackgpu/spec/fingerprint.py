"""Whether two specs ask for the same cluster.

How long it may take, live or cost, and how far it is verified, is no part of the answer: those
change from one ``create`` to the next.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ackgpu.spec.model import ClusterSpec

_PARTS = ("metadata", "cluster", "network", "nodePools")
_DIGEST_LENGTH = 16


@dataclass(frozen=True)
class Difference:
    """A key that two specs fill differently; None where one leaves it out."""

    key: str
    before: Any
    after: Any

    def __str__(self) -> str:
        return f"{self.key}: {_shown(self.before)} → {_shown(self.after)}"


def digest(spec: ClusterSpec) -> str:
    """16 hex digits that are the same for specs that ask for the same cluster.

    What equals its default is left out of it: written or not makes no difference, and a field that
    a later version adds leaves the digests of older clusters as they are.
    """
    identity = _identity(spec, defaults=False)
    text = json.dumps(identity, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGEST_LENGTH]


def differences(before: ClusterSpec, after: ClusterSpec) -> list[Difference]:
    """What ``after`` asks for otherwise, key by key, in the order of the file.

    Node pools are compared by their names: ``nodePools[gpu].desiredSize``.
    """
    old, new = (dict(_leaves(_identity(spec, defaults=True), "")) for spec in (before, after))
    keys = dict.fromkeys((*old, *new))
    return [
        Difference(key, old.get(key), new.get(key)) for key in keys if old.get(key) != new.get(key)
    ]


def _identity(spec: ClusterSpec, *, defaults: bool) -> dict[str, Any]:
    document = spec.model_dump(mode="json", by_alias=True, exclude_defaults=not defaults)
    identity = {part: document[part] for part in _PARTS if part in document}
    identity["gpu"] = {"licenseServer": spec.gpu.license_server}
    return identity


def _leaves(value: Any, key: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _leaves(inner, f"{key}.{name}" if key else name)
    elif key == "nodePools":
        for pool in value:
            yield from _leaves(pool, f"{key}[{pool['name']}]")
    else:
        yield key, value


def _shown(value: Any) -> str:
    return "not set" if value in (None, "") else json.dumps(value, ensure_ascii=False)
