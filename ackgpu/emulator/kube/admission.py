"""What the API server checks of an object before it is stored.

Messages are the API types' own (kubernetes, pkg/apis/*/validation). Rules that nothing here depends
on are left out; nothing wrong is stored in silence.
"""

from __future__ import annotations

from collections.abc import Iterator

from ackgpu.emulator.kube import custom
from ackgpu.emulator.kube.names import (
    LABEL,
    LABEL_RULE,
    MAX_LABEL,
    MAX_NAME,
    SUBDOMAIN,
    SUBDOMAIN_RULE,
    key_faults,
    label_causes,
)
from ackgpu.emulator.kube.objects import Obj
from ackgpu.emulator.kube.quantities import amount
from ackgpu.emulator.kube.resources import ApiResource
from ackgpu.emulator.kube.selectors import matches
from ackgpu.emulator.kube.status import invalid

Cause = tuple[str, str]

TEMPLATED = frozenset({"deployments", "replicasets", "jobs"})
HIGHEST_PORT = 65535


def validate(resource: ApiResource, obj: Obj) -> None:
    """Refuse with 422 what breaks the rules of its kind, every cause at once."""
    name = str(obj["metadata"].get("name", ""))
    causes = [*_name_causes(resource, name), *_metadata_causes(obj["metadata"])]
    spec = obj.get("spec") or {}
    if resource.custom:
        causes += custom.causes(resource, obj)
    elif resource.key == custom.DEFINITIONS:
        causes += custom.definition_causes(obj)
    elif resource.key == "pods":
        causes += _pod_causes(spec, "spec")
    elif resource.key in TEMPLATED:
        causes += _template_causes(resource, spec)
    elif resource.key == "services":
        causes += _service_causes(spec)
    elif resource.key == "nodes":
        causes += _taint_causes(spec)
    if causes:
        raise invalid(resource.kind, resource.group, name, causes)


def _name_causes(resource: ApiResource, name: str) -> Iterator[Cause]:
    if not name:
        yield "metadata.name", "Required value: name or generateName is required"
        return
    if resource.group == "rbac.authorization.k8s.io":
        return
    if resource.key in {"namespaces", "services"}:
        if not LABEL.fullmatch(name) or len(name) > MAX_LABEL:
            yield "metadata.name", f'Invalid value: "{name}": {LABEL_RULE}'
    elif not SUBDOMAIN.fullmatch(name) or len(name) > MAX_NAME:
        yield "metadata.name", f'Invalid value: "{name}": {SUBDOMAIN_RULE}'


def _metadata_causes(metadata: Obj) -> Iterator[Cause]:
    yield from label_causes(metadata.get("labels") or {}, "metadata.labels")
    for key in metadata.get("annotations") or {}:
        for fault in key_faults(key.lower()):
            yield "metadata.annotations", f'Invalid value: "{key}": {fault}'


def _service_causes(spec: Obj) -> Iterator[Cause]:
    ports = spec.get("ports") or []
    if not ports and spec["type"] != "ExternalName":
        yield "spec.ports", "Required value"
    for index, row in enumerate(ports):
        if not 0 < row.get("port", 0) <= HIGHEST_PORT:
            text = "must be between 1 and 65535, inclusive"
            yield f"spec.ports[{index}].port", f"Invalid value: {row.get('port', 0)}: {text}"


def _taint_causes(spec: Obj) -> Iterator[Cause]:
    for index, row in enumerate(spec.get("taints") or []):
        for field in ("key", "effect"):
            if not row.get(field):
                yield f"spec.taints[{index}].{field}", "Required value"


def _template_causes(resource: ApiResource, spec: Obj) -> Iterator[Cause]:
    template = spec["template"]
    if resource.key != "jobs":
        selector = spec.get("selector")
        if not selector:
            yield "spec.selector", "Required value"
        elif not matches(selector, template["metadata"].get("labels") or {}):
            labels = template["metadata"].get("labels") or {}
            shown = ",".join(f'"{key}":"{value}"' for key, value in sorted(labels.items()))
            text = "`selector` does not match template `labels`"
            yield "spec.template.metadata.labels", f"Invalid value: {{{shown}}}: {text}"
        policy = template["spec"].get("restartPolicy")
        if policy != "Always":
            text = f'Unsupported value: "{policy}": supported values: "Always"'
            yield "spec.template.spec.restartPolicy", text
    elif template["spec"].get("restartPolicy") not in {"OnFailure", "Never"}:
        text = 'Required value: valid values: "OnFailure", "Never"'
        yield "spec.template.spec.restartPolicy", text
    if not isinstance(spec.get("replicas", 0), int) or spec.get("replicas", 0) < 0:
        text = f"Invalid value: {spec.get('replicas')}: must be greater than or equal to 0"
        yield "spec.replicas", text
    yield from _pod_causes(template["spec"], "spec.template.spec")


def _pod_causes(spec: Obj, path: str) -> Iterator[Cause]:
    containers = spec.get("containers") or []
    if not containers:
        yield f"{path}.containers", "Required value"
    names: set[str] = set()
    for index, container in enumerate(containers):
        where = f"{path}.containers[{index}]"
        name = container.get("name")
        if not name:
            yield f"{where}.name", "Required value"
        elif name in names:
            yield f"{where}.name", f'Duplicate value: "{name}"'
        elif not LABEL.fullmatch(name):
            yield f"{where}.name", f'Invalid value: "{name}": {LABEL_RULE}'
        names.add(str(name))
        if not container.get("image"):
            yield f"{where}.image", "Required value"
        yield from _resource_causes(container.get("resources") or {}, f"{where}.resources")


def _resource_causes(resources: Obj, path: str) -> Iterator[Cause]:
    """Quantities must be readable; of devices, requests and limits must be equal."""
    limits, requests = resources.get("limits") or {}, resources.get("requests") or {}
    for kind, rows in (("limits", limits), ("requests", requests)):
        for name, value in rows.items():
            try:
                amount(value)
            except ValueError:
                text = "quantities must match the regular expression"
                yield f"{path}.{kind}[{name}]", f'Invalid value: "{value}": {text}'
    for name, value in requests.items():
        if "/" not in name:
            continue
        if name not in limits:
            yield (
                f"{path}.limits",
                "Required value: Limit must be set for non overcommitable resources",
            )
        elif str(limits[name]) != str(value):
            text = f"must be equal to {name} limit of {limits[name]}"
            yield f"{path}.requests", f'Invalid value: "{value}": {text}'
