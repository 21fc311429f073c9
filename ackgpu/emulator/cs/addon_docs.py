"""The add-ons that a cluster has: documents of kind ``addon`` with the id ``<cluster>/<name>``."""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.cs.states import ADDON
from ackgpu.emulator.cs.tables import addon_version, addons
from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call
from ackgpu.emulator.store import Doc

REPORTED_AS = {"flannel": "kube-flannel-ds", "terway": "terway-eniip"}
"""Names that are requested, and what they are reported as (observed)."""
NETWORK = {"Flannel": "kube-flannel-ds", "Terway": "terway-eniip"}


def real_name(name: str) -> str:
    """What an add-on is reported as."""
    return REPORTED_AS.get(name, name)


def install_defaults(call: Call, cluster: Doc, asked: list[dict[str, Any]], *, at: float) -> None:
    """The default add-ons, those requested and the network's; without those to be left out.

    A name that the catalogue does not have is ignored, as unconfirmed as any other answer.
    """
    wanted = {row["name"]: "" for row in addons().values() if row["install_by_default"]}
    wanted[NETWORK[cluster.body["network"]]] = ""
    versions: dict[str, str] = {}
    for row in asked:
        name = real_name(str(row.get("name", "")))
        if row.get("disabled"):
            wanted.pop(name, None)
        elif name in addons():
            wanted[name] = str(row.get("config") or "")
            versions[name] = str(row.get("version") or "")
    for name, config in wanted.items():
        put_addon(call, cluster, name, at=at, version=versions.get(name, ""), config=config)


def put_addon(  # noqa: PLR0913 -- one record
    call: Call, cluster: Doc, name: str, *, at: float, version: str = "", config: str = ""
) -> Doc:
    """An add-on of the cluster from ``at``."""
    kubernetes = str(cluster.body["versions"][-1][1])
    body = {
        "version": version or addon_version(name, kubernetes),
        "config": config or "{}",
        "phases": ADDON.course(at, (0.0, "active")),
    }
    doc = Doc("addon", f"{cluster.id}/{name}", cluster.region, cluster.id, name, at, None, body)
    return call.docs.put(doc)


def installed(call: Call, cluster: Doc) -> list[Doc]:
    """The add-ons that the cluster has now."""
    return call.docs.find("addon", at=call.now, scope=cluster.id)


def installed_addon(call: Call, cluster: Doc, name: str) -> Doc:
    """The add-on of that name which the cluster has; AddonNotFound (404)."""
    doc = call.alive("addon", f"{cluster.id}/{real_name(name)}")
    if doc is None:
        raise addon_not_found(name)
    return doc


def shown_version(call: Call, doc: Doc) -> str:
    """The version now: an upgrade shows when it is over."""
    past = [version for at, version in doc.body.get("versions", []) if at <= call.now]
    return str(past[-1] if past else doc.body["version"])


def addon_not_found(name: str) -> ApiError:
    """The refusal of an add-on that is not there."""
    return ApiError("AddonNotFound", f"addon {name} not found", 404)
