"""What the API server does to an object before it is stored: defaults, then validation.

Defaults and messages are the API types' own (kubernetes, pkg/apis/*/v1/defaults.go and
validation). Rules that nothing here depends on are left out; nothing wrong is stored in silence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ackgpu.emulator.kube.objects import Obj
from ackgpu.emulator.kube.quantities import amount
from ackgpu.emulator.kube.resources import Resource
from ackgpu.emulator.kube.selectors import matches
from ackgpu.emulator.kube.status import invalid

Cause = tuple[str, str]

SUBDOMAIN = re.compile(r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$")
LABEL = re.compile(r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")
NAME_RULE = (
    "a lowercase RFC 1123 {kind} must consist of lower case alphanumeric characters, {also}"
    " and must start and end with an alphanumeric character (e.g. '{example}', regex used for"
    " validation is '{regex}')"
)
SUBDOMAIN_RULE = NAME_RULE.format(
    kind="subdomain", also="'-' or '.',", example="example.com",
    regex=r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*",
)  # fmt: skip
LABEL_RULE = NAME_RULE.format(
    kind="label", also="or '-',", example="my-name", regex="[a-z0-9]([-a-z0-9]*[a-z0-9])?"
)
TEMPLATED = frozenset({"deployments", "replicasets", "jobs"})
LONGEST_NAME, LONGEST_LABEL = 253, 63
HIGHEST_PORT = 65535


def apply_defaults(resource: Resource, obj: Obj) -> None:
    """Fill in what the object leaves open."""
    spec: dict[str, Any] = obj.setdefault("spec", {}) if _has_spec(resource) else {}
    if resource.plural == "pods":
        _pod_defaults(spec)
    if resource.plural in TEMPLATED:
        template = spec.setdefault("template", {})
        template.setdefault("metadata", {}).setdefault("creationTimestamp", None)
        _pod_defaults(template.setdefault("spec", {}), job=resource.plural == "jobs")
    if resource.plural == "deployments":
        _deployment_defaults(spec)
    if resource.plural == "replicasets":
        spec.setdefault("replicas", 1)
    if resource.plural == "jobs":
        for field, value in (("backoffLimit", 6), ("completions", 1), ("parallelism", 1)):
            spec.setdefault(field, value)
    if resource.plural == "services":
        _service_defaults(spec)
    if resource.plural == "secrets":
        obj.setdefault("type", "Opaque")
        _encode_string_data(obj)
    if resource.plural == "namespaces":
        name = obj["metadata"].get("name", "")
        obj["metadata"].setdefault("labels", {})["kubernetes.io/metadata.name"] = name
        spec.setdefault("finalizers", ["kubernetes"])


def _has_spec(resource: Resource) -> bool:
    return resource.plural in TEMPLATED | {"pods", "namespaces", "services", "leases", "nodes"}


def _service_defaults(spec: Obj) -> None:
    spec.setdefault("type", "ClusterIP")
    spec.setdefault("sessionAffinity", "None")
    spec.setdefault("internalTrafficPolicy", "Cluster")
    if spec["type"] == "LoadBalancer":
        spec.setdefault("externalTrafficPolicy", "Cluster")
        spec.setdefault("allocateLoadBalancerNodePorts", True)
    for row in spec.get("ports") or []:
        row.setdefault("protocol", "TCP")
        if "port" in row:
            row.setdefault("targetPort", row["port"])


def _encode_string_data(obj: Obj) -> None:
    import base64

    for key, value in (obj.pop("stringData", None) or {}).items():
        obj.setdefault("data", {})[key] = base64.b64encode(str(value).encode()).decode()


def _deployment_defaults(spec: Obj) -> None:
    spec.setdefault("replicas", 1)
    spec.setdefault("revisionHistoryLimit", 10)
    spec.setdefault("progressDeadlineSeconds", 600)
    strategy = spec.setdefault("strategy", {})
    if strategy.setdefault("type", "RollingUpdate") == "RollingUpdate":
        rolling = strategy.setdefault("rollingUpdate", {})
        rolling.setdefault("maxSurge", "25%")
        rolling.setdefault("maxUnavailable", "25%")


def _pod_defaults(spec: Obj, *, job: bool = False) -> None:
    if not job:
        spec.setdefault("restartPolicy", "Always")
    spec.setdefault("terminationGracePeriodSeconds", 30)
    spec.setdefault("dnsPolicy", "ClusterFirst")
    spec.setdefault("schedulerName", "default-scheduler")
    spec.setdefault("securityContext", {})
    for container in [*(spec.get("containers") or []), *(spec.get("initContainers") or [])]:
        image = str(container.get("image", ""))
        tag = image.rpartition("/")[2].partition(":")[2]
        policy = "IfNotPresent" if tag not in {"", "latest"} else "Always"
        container.setdefault("imagePullPolicy", policy)
        container.setdefault("terminationMessagePath", "/dev/termination-log")
        container.setdefault("terminationMessagePolicy", "File")
        resources = container.setdefault("resources", {})
        for port in container.get("ports") or []:
            port.setdefault("protocol", "TCP")
        limits = resources.get("limits") or {}
        if limits:
            resources["requests"] = {**limits, **(resources.get("requests") or {})}


def validate(resource: Resource, obj: Obj) -> None:
    """Refuse with 422 what breaks the rules of its kind, every cause at once."""
    name = str(obj["metadata"].get("name", ""))
    causes = list(_name_causes(resource, name))
    spec = obj.get("spec") or {}
    if resource.plural == "pods":
        causes += _pod_causes(spec, "spec")
    elif resource.plural in TEMPLATED:
        causes += _template_causes(resource, spec)
    elif resource.plural == "services":
        causes += _service_causes(spec)
    elif resource.plural == "nodes":
        causes += _taint_causes(spec)
    if causes:
        raise invalid(resource.kind, resource.group, name, causes)


def _name_causes(resource: Resource, name: str) -> Iterator[Cause]:
    if not name:
        yield "metadata.name", "Required value: name or generateName is required"
        return
    if resource.group == "rbac.authorization.k8s.io":
        return
    if resource.plural in {"namespaces", "services"}:
        if not LABEL.match(name) or len(name) > LONGEST_LABEL:
            yield "metadata.name", f'Invalid value: "{name}": {LABEL_RULE}'
    elif not SUBDOMAIN.match(name) or len(name) > LONGEST_NAME:
        yield "metadata.name", f'Invalid value: "{name}": {SUBDOMAIN_RULE}'


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


def _template_causes(resource: Resource, spec: Obj) -> Iterator[Cause]:
    template = spec["template"]
    if resource.plural != "jobs":
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
        elif not LABEL.match(name):
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
