"""Faults of the cloud's domain: which kinds there are, and what each may say.

A fault of a kind that nobody reads would silently do nothing, and so would a mistyped key: fault
files are held against this table. What a kind does is told where it is read: for clusters, pools
and nodes in ``cs/faults.py``, for stock in ``ecs/stock.py``, for networks in ``vpc/lifetimes.py``,
for what runs on a cluster in ``kube/state.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Keys = Mapping[str, tuple[type, ...]]

NUMBER = (int,)
TEXT = (str,)
OF_CLUSTER: Keys = {"cluster": TEXT}
OF_POOL: Keys = {**OF_CLUSTER, "pool": TEXT}
OF_NODE: Keys = {**OF_POOL, "node": (int, str), "count": NUMBER}
OF_CONTAINER: Keys = {**OF_CLUSTER, "node": (int, str), "count": NUMBER, "image": TEXT}

KINDS: Mapping[str, Keys] = {
    "stock_out": {"zone": TEXT, "instance_type": TEXT, "after": NUMBER, "announced": (bool,)},
    "stuck": {"resource": TEXT, "state": TEXT, "name": TEXT},
    "service_not_open": {},
    "empty_lists_ignored": {},
    "cluster_failed": {**OF_CLUSTER, "stage": NUMBER, "message": TEXT},
    "cluster_stuck": OF_CLUSTER,
    "delete_failed": OF_CLUSTER,
    "pool_failed": {**OF_POOL, "code": TEXT, "message": TEXT},
    "pool_delete_failed": OF_POOL,
    "node_never_joins": {**OF_NODE, "message": TEXT},
    "node_not_ready": {**OF_NODE, "condition": TEXT, "reason": TEXT, "message": TEXT},
    "console_output": {**OF_NODE, "text": TEXT},
    "label_missing": {**OF_NODE, "key": TEXT},
    "label_wrong": {**OF_NODE, "key": TEXT, "value": TEXT},
    "gpu_allocatable": {**OF_NODE, "value": NUMBER},
    "plugin_down": OF_NODE,
    "driver_missing": OF_NODE,
    "driver_tesla": OF_NODE,
    "driver_failed": {**OF_NODE, "message": TEXT},
    "image_pull_backoff": {**OF_CONTAINER, "message": TEXT},
    "driver_unloaded": OF_CONTAINER,
    "driver_mismatch": OF_CONTAINER,
    "unlicensed": OF_CONTAINER,
    "sample_wrong_result": OF_CONTAINER,
    "pod_evicted": {**OF_CONTAINER, "times": NUMBER},
    "pod_refused": {"message": TEXT, "namespace": TEXT},
    "continue_expired": {**OF_CLUSTER, "times": NUMBER},
    "short_certificates": {**OF_CLUSTER, "seconds": NUMBER},
    "kube_forbidden": {"resource": TEXT, "verb": TEXT},
    "kube_unavailable": {"times": NUMBER},
    "kube_reset": {"times": NUMBER},
    "kube_throttled": {"times": NUMBER, "retry_after": NUMBER},
}
NEEDED: Mapping[str, tuple[str, ...]] = {
    "stuck": ("resource",),
    "console_output": ("text",),
    "label_wrong": ("key", "value"),
    "gpu_allocatable": ("value",),
    "pod_refused": ("message",),
    "short_certificates": ("seconds",),
}


def complaint(entry: Mapping[str, Any]) -> str:
    """What is wrong with a domain fault; empty where nothing is."""
    kind = entry["kind"]
    known = KINDS.get(kind) if isinstance(kind, str) else None
    if known is None:
        return f"a fault's kind is one of {', '.join(KINDS)}; not {kind!r}"
    unknown = sorted(str(key) for key in entry if key != "kind" and key not in known)
    if unknown:
        return f"the fault {kind}: unknown key {', '.join(unknown)}"
    for key, types in known.items():
        if key in entry and not _is(entry[key], types):
            return f"the fault {kind}: {key} cannot be {entry[key]!r}"
    absent = [key for key in NEEDED.get(kind, ()) if key not in entry]
    return f"the fault {kind}: {', '.join(absent)} is needed" if absent else ""


def _is(value: Any, types: tuple[type, ...]) -> bool:
    """Of one of the types; a boolean is no number."""
    return isinstance(value, types) and (bool in types or not isinstance(value, bool))
