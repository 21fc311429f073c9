"""Add-ons: what there is, and what a cluster has, gets and loses."""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.cs import PRODUCT, durations
from ackgpu.emulator.cs.addon_docs import (
    addon_not_found,
    installed,
    installed_addon,
    put_addon,
    real_name,
    shown_version,
)
from ackgpu.emulator.cs.cluster_views import version_of
from ackgpu.emulator.cs.lookup import body_of, cluster_of, rows_of, running_cluster, text
from ackgpu.emulator.cs.states import ADDON
from ackgpu.emulator.cs.tables import addon_version, addons, creatable_versions, newer_version
from ackgpu.emulator.cs.tasks import TaskCourse, make_task
from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call
from ackgpu.emulator.store import Doc


@PRODUCT.operation("DescribeAddons", "GET /clusters/components/metadata")
def describe_addons(call: Call) -> dict[str, Any]:
    """The catalogue in its old form: by groups, and by name."""
    version = call.params.text("cluster_version") or creatable_versions()[0]
    groups: dict[str, list[dict[str, str]]] = {}
    for row in addons().values():
        groups.setdefault(row["category"], []).append({"name": row["name"]})
    return {
        "ComponentGroups": [
            {"group_name": name, "items": items} for name, items in sorted(groups.items())
        ],
        "StandardComponents": {
            name: {
                "name": name,
                "version": addon_version(name, version),
                "description": row["description"],
                "required": str(row["install_by_default"] and row["managed"]).lower(),
                "disabled": False,
            }
            for name, row in addons().items()
        },
    }


@PRODUCT.operation("ListAddons", "GET /addons")
def list_addons(call: Call) -> dict[str, Any]:
    """The catalogue, for a version or for a cluster."""
    return {"addons": [offer(name, _version(call)) for name in addons()]}


@PRODUCT.operation("DescribeAddon", "GET /addons/{addon_name}")
def describe_addon(call: Call) -> dict[str, Any]:
    """One of the catalogue, with the versions newer than it or than ``version``."""
    name = real_name(call.path["addon_name"])
    if name not in addons():
        raise addon_not_found(name)
    row = offer(name, _version(call))
    row["version"] = call.params.text("version", row["version"])
    newer = newer_version(name, row["version"], _version(call))
    rows = [{"minimum_cluster_version": "1.32.0", "upgradable": True, "version": newer}]
    return row | {"newer_versions": rows if newer else []}


@PRODUCT.operation("ListClusterAddonInstances", "GET /clusters/{cluster_id}/addon_instances")
def list_cluster_addon_instances(call: Call) -> dict[str, Any]:
    """What the cluster has."""
    rows = installed(call, cluster_of(call))
    return {
        "addons": [
            {"name": doc.name, "state": call.state(doc), "version": shown_version(call, doc)}
            for doc in rows
        ]
    }


@PRODUCT.operation(
    "GetClusterAddonInstance", "GET /clusters/{cluster_id}/addon_instances/{instance_name}"
)
def get_cluster_addon_instance(call: Call) -> dict[str, Any]:
    """One that the cluster has."""
    return instance_view(call, call.path["instance_name"])


def instance_view(call: Call, name: str) -> dict[str, Any]:
    """An add-on of the cluster in the path."""
    doc = installed_addon(call, cluster_of(call), name)
    return {
        "config": doc.body["config"],
        "logging": {"capable": False, "enabled": False, "log_project": "", "logstore": ""},
        "name": doc.name,
        "state": call.state(doc),
        "version": shown_version(call, doc),
    }


@PRODUCT.operation("InstallClusterAddons", "POST /clusters/{cluster_id}/components/install")
def install_cluster_addons(call: Call) -> dict[str, Any]:
    """Install from a bare array; the default version where none is given."""
    cluster = running_cluster(call)
    for row in rows_of(call):
        name = real_name(text(row, "name"))
        if name not in addons():
            raise addon_not_found(name)
        at, config = call.now + durations.ADDON_CHANGE, text(row, "config")
        version = text(row, "version")
        put_addon(call, cluster, name, at=at, version=version, config=config)
    return _changing(call, cluster, "cluster_addon_install")


@PRODUCT.operation("UpgradeClusterAddons", "POST /clusters/{cluster_id}/components/upgrade")
def upgrade_cluster_addons(call: Call) -> dict[str, Any]:
    """Upgrade from a bare array."""
    cluster = running_cluster(call)
    for row in rows_of(call):
        doc = _changeable(call, cluster, text(row, "component_name"), "upgrading")
        ADDON.enter(doc, call.now, (0.0, "upgrading"), (durations.ADDON_CHANGE, "active"))
        doc.body["versions"] = [
            [call.now, shown_version(call, doc)],
            [call.now + durations.ADDON_CHANGE, text(row, "next_version")],
        ]
        doc.body["config"] = text(row, "config") or doc.body["config"]
        call.docs.put(doc)
    return _changing(call, cluster, "cluster_addon_upgrade")


@PRODUCT.operation("UnInstallClusterAddons", "POST /clusters/{cluster_id}/components/uninstall")
def un_install_cluster_addons(call: Call) -> dict[str, Any]:
    """Uninstall from a bare array."""
    cluster = running_cluster(call)
    for row in rows_of(call):
        doc = _changeable(call, cluster, text(row, "name"), "deleting")
        ADDON.enter(doc, call.now, (0.0, "deleting"))
        doc.deleted_at = call.now + durations.ADDON_CHANGE
        call.docs.put(doc)
    return _changing(call, cluster, "cluster_addon_uninstall")


@PRODUCT.operation(
    "ModifyClusterAddon", "POST /clusters/{cluster_id}/components/{component_id}/config"
)
def modify_cluster_addon(call: Call) -> None:
    """Change an add-on's configuration. It answers nothing, though it begins a task."""
    cluster, name = running_cluster(call), call.path["component_id"]
    doc = _changeable(call, cluster, name, "updating")
    doc.body["config"] = text(body_of(call), "config") or doc.body["config"]
    ADDON.enter(doc, call.now, (0.0, "updating"), (durations.ADDON_CHANGE, "active"))
    call.docs.put(doc)
    _changing(call, cluster, "cluster_addon_modify")


def _changeable(call: Call, cluster: Doc, name: str, change: str) -> Doc:
    """An add-on, if the change can begin now. The code is unconfirmed: spelt like that of pools."""
    doc = installed_addon(call, cluster, name)
    state = call.state(doc)
    if (state, change) not in ADDON.allowed:
        raise ApiError(
            "InvalidAddonStatus.Forbidden", f"cannot operate addon {name} when its state is {state}"
        )
    return doc


def _changing(call: Call, cluster: Doc, kind: str) -> dict[str, Any]:
    course = TaskCourse([("Change components", durations.ADDON_CHANGE)])
    return {"cluster_id": cluster.id, "task_id": make_task(call, cluster, kind, course).id}


def offer(name: str, version: str) -> dict[str, Any]:
    """An add-on of the catalogue for a version of Kubernetes."""
    row = addons()[name]
    return {
        "architecture": ["amd64", "arm64"],
        "category": row["category"],
        "config_schema": "{}",
        "install_by_default": row["install_by_default"],
        "managed": row["managed"],
        "name": name,
        "supported_actions": ["Install", "Upgrade", "Modify", "Uninstall"],
        "version": addon_version(name, version),
    }


def _version(call: Call) -> str:
    """The Kubernetes version that the catalogue is read for."""
    cluster_id = call.params.text("cluster_id")
    cluster = call.alive("cluster", cluster_id) if cluster_id else None
    if cluster is not None:
        return version_of(call, cluster)
    return call.params.text("cluster_version") or creatable_versions()[0]
