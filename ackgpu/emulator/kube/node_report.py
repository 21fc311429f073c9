"""What makes a node's JSON as large as a kubelet's: its images, and who set which field.

A kubelet reports up to 50 images, the largest first (kubelet, ``--node-status-max-images``), and
the API server keeps ``managedFields`` of everybody who wrote to the node. Together they are three
quarters of the 18 KB that a node of a real cluster has.
"""

from __future__ import annotations

import hashlib
from functools import cache
from typing import Any

from ackgpu.emulator.kube.managed_fields import manager_row, nested, paths_of
from ackgpu.emulator.kube.objects import Obj
from ackgpu.emulator.shared.tables import table

MAX_IMAGES = 50
STATUS_FIELDS = frozenset({"f:status"})


@cache
def images(region: str) -> list[Obj]:
    """The images that a node of the region holds. Do not change it."""
    registry = f"registry-{region}-vpc.ack.aliyuncs.com/acs"
    rows = []
    for number, name in enumerate(table("kube/system")["images"][:MAX_IMAGES]):
        digest = hashlib.sha256(name.encode()).hexdigest()
        tag = f"v1.{number % 17}.{number % 5}-{digest[:7]}-aliyun"
        names = [f"{registry}/{name}@sha256:{digest}", f"{registry}/{name}:{tag}"]
        rows.append({"names": names, "sizeBytes": 4_800_000_000 // (number + 1)})
    return rows


def managed_fields(node: Obj, joined: str, heard: str) -> list[Obj]:
    """Who set what of a node: the kubelet, and the controllers that label and taint it."""
    metadata, spec = node["metadata"], node["spec"]
    of_controllers = {"f:podCIDR", "f:podCIDRs", "f:taints", "f:providerID"}
    keys = (
        tuple(sorted(metadata["labels"])), tuple(sorted(metadata["annotations"])),
        tuple(sorted(spec)), tuple(sorted(node["status"]["capacity"])),
        tuple(row["type"] for row in node["status"]["conditions"]),
    )  # fmt: skip
    written = _shapes.get(keys)
    if written is None:
        paths = paths_of(node)
        status = {path for path in paths if path[0] in STATUS_FIELDS}
        ours = {path for path in paths - status if path[1] in of_controllers}
        written = nested(paths - status - ours), nested(ours), nested(status)
        _shapes[keys] = written
    by_kubelet, by_controllers, reported = written
    return [
        manager_row(node, "kubelet", "Update", joined, by_kubelet),
        manager_row(node, "alibaba-cloud-controller-manager", "Update", joined, by_controllers),
        {**manager_row(node, "kubelet", "Update", heard, reported), "subresource": "status"},
    ]


_shapes: dict[Any, tuple[Obj, Obj, Obj]] = {}
"""Made once for nodes that have the same fields: thousands are listed at once."""
