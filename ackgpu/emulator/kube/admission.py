"""What the API server checks of an object before it is stored.

Messages are the API types' own (kubernetes, pkg/apis/*/validation). Rules that nothing here depends
on are left out; nothing wrong is stored in silence.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ackgpu.emulator.kube import custom
from ackgpu.emulator.kube.columns import look_up
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
from ackgpu.emulator.kube.resources import ApiResource
from ackgpu.emulator.kube.schema import message_of, walk
from ackgpu.emulator.kube.selectors import matches
from ackgpu.emulator.kube.state import ClusterState
from ackgpu.emulator.kube.status import invalid
from ackgpu.emulator.shared.quantities import amount
from ackgpu.emulator.shared.tables import table

Cause = tuple[str, str]

TEMPLATED = frozenset({"deployments", "replicasets", "jobs", "statefulsets", "daemonsets"})
CRON_FIELDS = 5
HIGHEST_PORT = 65535
NODE_PORTS = range(30000, 32768)
POD_FIELDS = frozenset({"activeDeadlineSeconds", "ephemeralContainers", "tolerations"})


def validate(state: ClusterState, resource: ApiResource, obj: Obj, old: Obj | None) -> None:
    """Refuse with 422 what breaks the rules of its kind, every cause at once.

    ``old``: what the object was before the change; None where it is new.
    """
    name = str(obj["metadata"].get("name", ""))
    causes = [*_name_causes(resource, name), *_metadata_causes(obj["metadata"])]
    message = message_of(resource.api_version, resource.kind)
    if message is not None:
        walk(message, obj, lambda *place: causes.extend(_field_causes(*place)))
    spec = obj.get("spec") or {}
    if resource.custom:
        causes += custom.causes(resource, obj)
    elif resource.key == custom.DEFINITIONS:
        causes += custom.definition_causes(obj)
    elif resource.key == "pods":
        causes += _pod_causes(spec, "spec")
    elif resource.key in TEMPLATED:
        causes += _template_causes(resource.key, spec)
    elif resource.key == "cronjobs":
        causes += _schedule_causes(spec)
    elif resource.key == "services":
        causes += _service_causes(state, obj)
    causes += _change_causes(resource, old, obj) if old else []
    if causes:
        raise invalid(resource.kind, resource.group, name, causes)


def _schedule_causes(spec: Obj) -> Iterator[Cause]:
    """A CronJob's schedule has five fields, or is one word; its pods end."""
    fields = str(spec.get("schedule", "")).split()
    if fields and len(fields) != CRON_FIELDS and not (len(fields) == 1 and fields[0][0] == "@"):
        text = f"expected exactly 5 fields, found {len(fields)}: [{' '.join(fields)}]"
        yield "spec.schedule", f'Invalid value: "{spec["schedule"]}": {text}'
    if job := (spec.get("jobTemplate") or {}).get("spec"):
        rows = _template_causes("jobs", job)
        yield from ((f"spec.jobTemplate.{path}", text) for path, text in rows)


def _field_causes(message: str, obj: Obj, path: str) -> Iterator[Cause]:
    """What ``data/kube/rules.json`` says against the fields of one message."""
    for field, told in table("kube/rules")["messages"].get(message, {}).items():
        rule, _, why = told.partition(": ")
        words, value = rule.split(), obj.get(field)
        where = f"{path}.{field}".lstrip(".")
        if value in (None, "", [], {}):
            if words[0] == "required":
                yield where, f"Required value: {why}" if why else "Required value"
            continue
        known = [word for word in words if word[0].isupper()]
        if known and value not in known:
            listed = ", ".join(f'"{word}"' for word in known)
            yield where, f'Unsupported value: "{value}": supported values: {listed}'
        if "port" in words and not 0 < value <= HIGHEST_PORT:
            yield where, _port_fault(value)
        if "min" in words and value < int(words[-1]):
            yield where, f"Invalid value: {value}: must be greater than or equal to {words[-1]}"


def _port_fault(number: int) -> str:
    return f"Invalid value: {number}: must be between 1 and {HIGHEST_PORT}, inclusive"


def _name_causes(resource: ApiResource, name: str) -> Iterator[Cause]:
    if not name:
        yield "metadata.name", "Required value: name or generateName is required"
        return
    # Names of roles may have colons (system:node): they are path segments, and no DNS names.
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


def _service_causes(state: ClusterState, obj: Obj) -> Iterator[Cause]:
    spec, key = obj["spec"], (obj["metadata"].get("namespace"), obj["metadata"].get("name"))
    ports = spec.get("ports") or []
    if not ports and spec["type"] != "ExternalName":
        yield "spec.ports", "Required value"
    others = (e.object["spec"] for e in state.entries("services") if e.key != key)
    taken = {row.get("nodePort") for other in others for row in other.get("ports") or []}
    for index, row in enumerate(ports):
        where = f"spec.ports[{index}]"
        if len(ports) > 1 and not row.get("name"):
            yield f"{where}.name", "Required value"
        target, node = row.get("targetPort"), row.get("nodePort")
        if isinstance(target, int) and not 0 < target <= HIGHEST_PORT:
            yield f"{where}.targetPort", _port_fault(target)
        if node and node not in NODE_PORTS:
            text = "provided port is not in the valid range. The range of valid ports is"
            yield (
                f"{where}.nodePort",
                f"Invalid value: {node}: {text} {NODE_PORTS[0]}-{NODE_PORTS[-1]}",
            )
        elif node and node in taken:
            yield f"{where}.nodePort", f"Invalid value: {node}: provided port is already allocated"


def _template_causes(plural: str, spec: Obj) -> Iterator[Cause]:
    template = spec["template"]
    if plural != "jobs":
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
    own = [{"name": row["metadata"].get("name")} for row in spec.get("volumeClaimTemplates") or []]
    inner = {**template["spec"], "volumes": [*(template["spec"].get("volumes") or []), *own]}
    yield from _pod_causes(inner, "spec.template.spec")


def _pod_causes(spec: Obj, path: str) -> Iterator[Cause]:
    names: set[str] = set()
    volumes = {row.get("name") for row in spec.get("volumes") or []}
    for part in ("initContainers", "containers"):
        for index, container in enumerate(spec.get(part) or []):
            where = f"{path}.{part}[{index}]"
            name = str(container.get("name", ""))
            if name in names:
                yield f"{where}.name", f'Duplicate value: "{name}"'
            elif name and not LABEL.fullmatch(name):
                yield f"{where}.name", f'Invalid value: "{name}": {LABEL_RULE}'
            names.add(name)
            for number, row in enumerate(container.get("volumeMounts") or []):
                if row.get("name") and row["name"] not in volumes:
                    yield f"{where}.volumeMounts[{number}].name", f'Not found: "{row["name"]}"'
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
        if "/" in name and name not in limits:
            text = "Limit must be set for non overcommitable resources"
            yield f"{path}.limits", f"Required value: {text}"
        elif "/" in name and str(limits[name]) != str(value):
            # Extended resources cannot be overcommitted.
            text = f"must be equal to {name} limit of {limits[name]}"
            yield f"{path}.requests", f'Invalid value: "{value}": {text}'
        elif _exceeds(value, limits.get(name)):
            text = f"must be less than or equal to {name} limit of {limits[name]}"
            yield f"{path}.requests", f'Invalid value: "{value}": {text}'


def _exceeds(value: Any, limit: Any) -> bool:
    try:
        return amount(value) > amount(limit)
    except ValueError:
        return False


def _change_causes(resource: ApiResource, old: Obj, obj: Obj) -> Iterator[Cause]:
    """What may not change of an object that exists."""
    for path, why in table("kube/rules")["unchanged"].get(resource.key, {}).items():
        before, after = look_up(old, path), look_up(obj, path)
        # A Job's selector is made by its controller: a
        # manifest that is sent again does not have it.
        if before != after and not (resource.key == "jobs" and after is None):
            shown = json.dumps(after, separators=(",", ":"))
            given, _, text = why.rpartition("Forbidden: ")
            text = f"Forbidden: {text}" if why != text else f"Invalid value: {shown}: {why}"
            yield given.rstrip(": ") or path.lstrip("."), text
    if resource.key == "pods" and _fixed(old["spec"]) != _fixed(obj["spec"]):
        yield "spec", table("kube/rules")["pod_update"]
    if old.get("immutable") and any(old.get(f) != obj.get(f) for f in ("data", "binaryData")):
        yield "data", "Forbidden: field is immutable when `immutable` is set"


def _fixed(spec: Obj) -> Obj:
    """The part of a pod's spec that cannot be changed."""
    rest = {key: value for key, value in spec.items() if key not in POD_FIELDS}
    for field in ("containers", "initContainers"):
        if field in rest:
            rest[field] = [{**row, "image": ""} for row in rest[field]]
    return rest
