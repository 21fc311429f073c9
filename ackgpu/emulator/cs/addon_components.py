"""A cluster's add-ons by their older name, components: operations that Terraform's provider uses.

The pages call them deprecated and leave their answers open. The members here are those that the
provider reads (service_alicloud_cs.go); a component that the cluster does not have has no entry.
"""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.cs import PRODUCT
from ackgpu.emulator.cs.addon_docs import (
    addon_not_found,
    installed,
    installed_addon,
    real_name,
    shown_version,
)
from ackgpu.emulator.cs.addons import instance_view, offer
from ackgpu.emulator.cs.cluster_views import version_of
from ackgpu.emulator.cs.lookup import cluster_of, query_list
from ackgpu.emulator.cs.tables import addons, newer_version
from ackgpu.emulator.operation import Call
from ackgpu.emulator.shared.fields import stamp
from ackgpu.emulator.store import Doc

BUSY = {"updating", "upgrading", "deleting"}


@PRODUCT.operation("DescribeClusterAddonsVersion", "GET /clusters/{cluster_id}/components/version")
def describe_cluster_addons_version(call: Call) -> dict[str, Any]:
    """The versions of what the cluster has, by name: the older form, which the SDK leaves open."""
    return {
        doc.name: {
            "component_name": doc.name,
            "version": shown_version(call, doc),
            "next_version": _next_version(call, doc),
            "can_upgrade": bool(_next_version(call, doc)),
        }
        for doc in installed(call, cluster_of(call))
    }


def _next_version(call: Call, doc: Doc) -> str:
    return newer_version(doc.name, shown_version(call, doc), version_of(call, cluster_of(call)))


@PRODUCT.operation(
    "DescribeClusterAddonsUpgradeStatus", "GET /clusters/{cluster_id}/components/upgradestatus"
)
def describe_cluster_addons_upgrade_status(call: Call) -> dict[str, Any]:
    """How the last change of each of ``componentIds`` went, by name."""
    wanted = {real_name(str(name)) for name in query_list(call, "componentIds")}
    docs = installed(call, cluster_of(call))
    return {doc.name: _upgrade_status(call, doc) for doc in docs if doc.name in wanted}


@PRODUCT.operation(
    "DescribeClusterAddonUpgradeStatus",
    "GET /clusters/{cluster_id}/components/{component_id}/upgradestatus",
)
def describe_cluster_addon_upgrade_status(call: Call) -> dict[str, Any]:
    """The same of one."""
    return _upgrade_status(call, installed_addon(call, cluster_of(call), call.path["component_id"]))


@PRODUCT.operation(
    "DescribeClusterAddonInstance", "GET /clusters/{cluster_id}/components/{component_id}/instance"
)
def describe_cluster_addon_instance(call: Call) -> dict[str, Any]:
    """One that the cluster has: GetClusterAddonInstance without ``logging``."""
    view = instance_view(call, call.path["component_id"])
    return {key: value for key, value in view.items() if key != "logging"}


@PRODUCT.operation(
    "DescribeClusterAddonMetadata", "GET /clusters/{cluster_id}/components/{component_id}/metadata"
)
def describe_cluster_addon_metadata(call: Call) -> dict[str, Any]:
    """The schema of one's configuration, for ``version`` or for the one that a cluster gets."""
    cluster, name = cluster_of(call), real_name(call.path["component_id"])
    if name not in addons():
        raise addon_not_found(name)
    row = offer(name, version_of(call, cluster))
    version = call.params.text("version", row["version"])
    return {"config_schema": row["config_schema"], "name": name, "version": version}


def _upgrade_status(call: Call, doc: Doc) -> dict[str, Any]:
    entered = [float(at) for at, _ in doc.body["phases"] if at <= call.now]
    return {
        "addon_info": {"component_name": doc.name, "version": shown_version(call, doc)},
        "can_upgrade": bool(_next_version(call, doc)),
        "tasks": {
            "created": stamp(call, entered[-1]),
            "message": "",
            "status": "Running" if call.state(doc) in BUSY else "Success",
        },
        "template": "",
    }
