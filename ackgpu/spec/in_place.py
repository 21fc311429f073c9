"""Which settings ``apply`` changes in place, and the way to those that it does not."""

from __future__ import annotations

import re

from ackgpu import flag
from ackgpu.spec.fields import BY_KEY, FIELDS, Field

_IN_BRACKETS = re.compile(r"\[([^\]]*)\]")
_POOLS, _ADDONS = "nodePools[", "cluster.addons."
_OF_A_POOL = (
    "it is chosen when a pool is made: give the pool another name in the file, and"
    f" `ackgpu apply -f {{file}} {flag.PRUNE}` makes that one and deletes the old one"
)
_OF_A_CLUSTER = (
    "it is chosen when a cluster is made: give the file another metadata.name, make that one with"
    " `ackgpu create -f {file}`, move the work, `ackgpu delete NAME`"
)
_ADDON_VERSION = "cluster.addons[].version"
_ADDON_BACK = (
    "ACK takes no addon back to an earlier version: leave the version out, or name a later one"
)


def row_of(setting: str) -> Field | None:
    """The row of a setting as messages name it: ``nodePools[gpu].labels.team``.

    What names several rows, such as ``nodePools[gpu].taints``, has the first of them.
    """
    key = _IN_BRACKETS.sub("[]", setting)
    if key.startswith(_ADDONS):  # by the addon's name: cluster.addons.ack-gpu-exporter.config
        _, dot, part = key.removeprefix(_ADDONS).partition(".")
        key = f"cluster.addons[].{part if dot else 'name'}"
    if key in BY_KEY:
        return BY_KEY[key]
    above = (row for row in FIELDS if key.startswith(f"{row.key}."))
    below = (row for row in FIELDS if row.key.startswith((f"{key}.", f"{key}[]")))
    return next(above, None) or next(below, None)


def way_of(setting: str, value: str, *, found: str, file: str) -> str:
    """Why ``apply`` does not make ``setting`` ``value``, and what to do; empty if it does.

    ``found``: the value that it has. ``file``: the spec's, as commands name it. NAME stands for the
    cluster.
    """
    row = row_of(setting)
    if row is not None and row.applied:
        back = row.key == _ADDON_VERSION and _release(value) < _release(found)
        return _ADDON_BACK if back else ""
    by_section = _OF_A_POOL if setting.startswith(_POOLS) else _OF_A_CLUSTER
    way = (row.way if row is not None else "") or by_section
    named = _IN_BRACKETS.search(setting)
    words = {"{pool}": named[1] if named else "", "{value}": value, "{file}": file}
    for word, filled in words.items():
        way = way.replace(word, filled)
    return way


def _release(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))
