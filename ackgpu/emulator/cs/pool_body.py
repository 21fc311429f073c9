"""A node pool's settings: what was requested over what the service fills in, and reading it back.

What a client did not supply reads back as observed on the real service (zero values present, no
invented defaults); keys that the service does not know are dropped, as it drops them.
"""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.cs import instants
from ackgpu.emulator.cs.lookup import part, tag_rows, text
from ackgpu.emulator.cs.members import is_ready, offline, visible_nodes
from ackgpu.emulator.cs.tables import default_image, runtime_version
from ackgpu.emulator.operation import Call
from ackgpu.emulator.shared.tables import table
from ackgpu.emulator.store import Doc

SECTIONS = (
    "auto_scaling",
    "kubernetes_config",
    "management",
    "node_config",
    "scaling_group",
    "tee_config",
)

__all__ = ["SECTIONS", "detail", "merge", "new_sections", "set_tags"]


def new_sections(request: dict[str, Any], cluster: Doc) -> dict[str, Any]:
    """The sections of a new pool's body."""
    sections = {name: dict(table("cs/pool")["sections"][name]["defaults"]) for name in SECTIONS}
    merge(sections, request)
    group, kubernetes = sections["scaling_group"], sections["kubernetes_config"]
    own = part(request, "scaling_group")
    if not own.get("security_group_ids"):
        chosen = text(own, "security_group_id") or cluster.body["security_group_id"]
        group["security_group_ids"] = [chosen]
    group["security_group_id"] = group["security_group_ids"][0]
    _settle_disks(group, own)
    group["image_id"] = group["image_id"] or default_image(group["image_type"])
    group["ram_policy"] = cluster.body["worker_ram_role_name"]
    group["ram_role_name"] = text(own, "ram_role_name") or group["ram_policy"]
    asked = text(part(request, "kubernetes_config"), "runtime_version")
    kubernetes["runtime_version"] = asked or runtime_version()
    return sections


def merge(
    sections: dict[str, Any], request: dict[str, Any], *, keep_on_empty: bool = False
) -> None:
    """Put what the request says over the sections.

    An empty list empties (whether the service reads it so is unconfirmed, and official SDKs send
    empty lists unasked); with ``keep_on_empty`` it leaves what is there.
    """
    for name in SECTIONS:
        known = table("cs/pool")["sections"][name]
        for key, value in part(request, name).items():
            if value is None or (keep_on_empty and value == []):
                continue
            if key in known["defaults"]:
                sections[name][key] = value
            elif key in known["optional"]:
                if value == []:
                    sections[name].pop(key, None)
                else:
                    sections[name][key] = value
    sections["scaling_group"]["login_password"] = ""
    scaling = part(request, "scaling_group")
    if scaling.get("tags"):
        sections["scaling_group"]["tags"] = tag_rows(scaling)
    if "system_disk_category" in scaling or "system_disk_categories" in scaling:
        _settle_disks(sections["scaling_group"], scaling)


def set_tags(pool: Doc) -> None:
    """Keep the tags of the scaling group where every tagged thing has them."""
    rows = tag_rows(pool.body["scaling_group"])
    pool.body["Tags"] = {row["key"]: row["value"] for row in rows}


def detail(call: Call, pool: Doc) -> dict[str, Any]:
    """A pool as DescribeClusterNodePoolDetail answers it."""
    body = pool.body
    sections = {name: body[name] for name in SECTIONS}
    return {
        **sections,
        "nodepool_info": {
            "created": instants.nanosecond_time(call, body["created"]),
            "is_default": False,
            "name": pool.name,
            "nodepool_id": pool.id,
            "region_id": pool.region,
            "resource_group_id": body["resource_group_id"],
            "type": body["type"],
            "updated": instants.millisecond_time(call, body["updated"]),
        },
        "status": status(call, pool),
    }


def status(call: Call, pool: Doc) -> dict[str, Any]:
    """The pool's counters and state.

    ``initial_nodes`` overlaps ``healthy_nodes``, as observed: a node counts as initial until its
    bootstrap is over.
    """
    nodes = visible_nodes(call, pool.scope, pool.id)
    removing = {node.id for node in nodes if call.state(node) == "removing"}
    failed = {node.id for node in nodes if call.state(node) == "failed"}
    lost = offline(call, nodes) - removing
    healthy = [
        node for node in nodes if is_ready(node, call.now) and node.id not in removing | lost
    ]
    settled = {node.id for node in healthy if (node.body["t_gpu"] or 0.0) <= call.now}
    return {
        "failed_nodes": len(failed),
        "healthy_nodes": len(healthy),
        "initial_nodes": len(nodes) - len(settled | failed | removing | lost),
        "offline_nodes": len(lost),
        "removing_nodes": len(removing),
        "serving_nodes": len([node for node in healthy if not node.body["unschedulable"]]),
        "state": call.state(pool),
        "total_nodes": len(nodes),
    }


def _settle_disks(group: dict[str, Any], own: dict[str, Any]) -> None:
    """One category and the list of them say the same: the list is the order of fallback."""
    categories = [str(each) for each in own.get("system_disk_categories") or []]
    category = own.get("system_disk_category")
    if not categories:
        categories = [str(category or group["system_disk_category"])]
    group["system_disk_categories"] = categories
    group["system_disk_category"] = str(category or categories[0])
