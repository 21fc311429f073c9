"""What the API server fills in where an object leaves it open, before it is stored.

Most of it is a table, ``data/kube/defaults.json``; here is what is worked out.
"""

from __future__ import annotations

import base64
import copy
from collections.abc import Callable
from typing import Any

from ackgpu.emulator.kube.objects import Obj
from ackgpu.emulator.kube.resources import ApiResource
from ackgpu.emulator.kube.schema import fields, message_of, walk
from ackgpu.emulator.shared.tables import table


def apply_defaults(resource: ApiResource, obj: Obj) -> None:
    """Fill in what the object leaves open."""
    message = message_of(obj.get("apiVersion", resource.api_version), resource.kind)
    if message is None:
        return
    if "spec" in fields(message):
        obj.setdefault("spec", {})
    walk(message, obj, _fill)


def _fill(message: str, obj: Obj, path: str) -> None:
    for row, value in table("kube/defaults")["messages"].get(message, {}).items():
        name, _, condition = row.partition("?")
        field, _, wanted = condition.partition("=")
        # Of the Job that a CronJob makes only the template is filled in.
        meant = path != "spec.jobTemplate.spec" or name == "template"
        if meant and name not in obj and str(obj.get(field, "")) in wanted.split("|"):
            obj[name] = copy.deepcopy(value)
    if special := _SPECIAL.get(message):
        special(obj)


def _container(container: Obj) -> None:
    image = str(container.get("image", ""))
    tag = "@" in image or image.rpartition("/")[2].partition(":")[2]
    container.setdefault("imagePullPolicy", "Always" if tag in {"", "latest"} else "IfNotPresent")
    resources = container["resources"]
    if isinstance(resources, dict) and resources.get("limits"):
        resources["requests"] = {**resources["limits"], **(resources.get("requests") or {})}


def _volume(volume: Obj) -> None:
    if set(volume) <= {"name"}:
        volume["emptyDir"] = {}


def _service_port(row: Obj) -> None:
    if "port" in row and not row.get("targetPort"):
        row["targetPort"] = row["port"]


def _secret(obj: Obj) -> None:
    for key, value in (obj.pop("stringData", None) or {}).items():
        obj.setdefault("data", {})[key] = base64.b64encode(str(value).encode()).decode()


def _namespace(obj: Obj) -> None:
    metadata = obj["metadata"]
    metadata.setdefault("labels", {})["kubernetes.io/metadata.name"] = metadata.get("name", "")


def _range(item: Obj) -> None:
    """Of a container: no default is above the maximum, no request above its limit's default."""
    if item.get("type") != "Container":
        return
    limits = {**(item.get("max") or {}), **(item.get("default") or {})}
    requests = {**limits, **(item.get("min") or {}), **(item.get("defaultRequest") or {})}
    for name, rows in (("default", limits), ("defaultRequest", requests)):
        if rows:
            item[name] = rows


def _policy(spec: Obj) -> None:
    spec.setdefault("policyTypes", ["Ingress", *(["Egress"] if spec.get("egress") else [])])


def _definition(spec: Obj) -> None:
    names = spec.setdefault("names", {})
    if names.get("kind"):
        names.setdefault("singular", names["kind"].lower())
        names.setdefault("listKind", f"{names['kind']}List")


_SPECIAL: dict[str, Callable[[Obj], Any]] = {
    "Container": _container,
    "CustomResourceDefinitionSpec": _definition,
    "EphemeralContainer": _container,
    "LimitRangeItem": _range,
    "Namespace": _namespace,
    "NetworkPolicySpec": _policy,
    "Secret": _secret,
    "ServicePort": _service_port,
    "Volume": _volume,
}
