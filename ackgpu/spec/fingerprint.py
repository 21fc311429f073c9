"""In what two specs ask for another cluster.

How long it may take, live or cost, and how far it is verified, is no part of the answer: those
change from one ``create`` to the next.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ackgpu.spec.model import ClusterSpec

_PARTS = ("metadata", "cluster", "network", "nodePools")


@dataclass(frozen=True)
class Difference:
    """A key that two specs fill differently; None where one leaves it out."""

    key: str
    before: Any
    after: Any


def differences(before: ClusterSpec, after: ClusterSpec) -> list[Difference]:
    """What ``after`` asks for otherwise, key by key, in the order of the file.

    A key that is written out with its default is the same as one left out. Node pools are compared
    by their names: ``nodePools[gpu].desiredSize``.
    """
    old, new = (dict(_leaves(_identity(spec), "")) for spec in (before, after))
    keys = dict.fromkeys((*old, *new))
    return [
        Difference(key, old.get(key), new.get(key)) for key in keys if old.get(key) != new.get(key)
    ]


def _identity(spec: ClusterSpec) -> dict[str, Any]:
    document = spec.model_dump(mode="json", by_alias=True)
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
