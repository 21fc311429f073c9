"""The states of clusters, node pools, nodes and add-ons, and which may follow which.

Clusters: the documented enumeration and the life cycle page; pools: the life cycle page of 2026
(``delete_failed`` as seen on the wire, where the page prints ``deleted_failed``).
"""

from __future__ import annotations

from ackgpu.emulator.shared.lifecycle import Lifecycle

CLUSTER = Lifecycle(
    "cluster",
    frozenset({
        ("initial", "running"), ("initial", "failed"), ("initial", "deleting"),
        ("running", "updating"), ("running", "upgrading"), ("running", "scaling"),
        ("running", "removing"), ("running", "deleting"), ("running", "inactive"),
        ("running", "unavailable"),
        ("updating", "running"), ("upgrading", "running"), ("scaling", "running"),
        ("removing", "running"), ("inactive", "running"),
        ("updating", "deleting"), ("upgrading", "deleting"), ("scaling", "deleting"),
        ("removing", "deleting"), ("inactive", "deleting"), ("unavailable", "deleting"),
        ("failed", "deleting"), ("deleting", "delete_failed"), ("delete_failed", "deleting"),
    }),
)  # fmt: skip

POOL = Lifecycle(
    "node pool",
    frozenset({
        ("initial", "active"), ("initial", "scaling"), ("initial", "failed"),
        ("initial", "deleting"), ("scaling", "active"), ("scaling", "failed"),
        ("scaling", "deleting"), ("active", "scaling"), ("active", "updating"),
        ("active", "removing_nodes"), ("active", "upgrading"), ("active", "repairing"),
        ("active", "deleting"), ("updating", "active"), ("updating", "scaling"),
        ("updating", "deleting"), ("removing_nodes", "active"), ("removing_nodes", "deleting"),
        ("upgrading", "active"), ("upgrading", "deleting"), ("repairing", "active"),
        ("repairing", "deleting"), ("failed", "scaling"), ("failed", "updating"),
        ("failed", "deleting"), ("failed", "removing_nodes"),
        ("deleting", "delete_failed"), ("delete_failed", "deleting"),
    }),
)  # fmt: skip

NODE = Lifecycle(
    "node",
    frozenset({
        ("initial", "running"), ("initial", "failed"), ("initial", "removing"),
        ("running", "removing"), ("failed", "removing"), ("failed", "running"),
    }),
)  # fmt: skip

ADDON = Lifecycle(
    "add-on",
    frozenset({
        ("active", "updating"), ("active", "upgrading"), ("active", "deleting"),
        ("updating", "active"), ("upgrading", "active"),
        ("updating", "deleting"), ("upgrading", "deleting"),
    }),
)  # fmt: skip
