"""Label selectors (text and object form) and field selectors."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from ackgpu.emulator.kube.objects import Obj
from ackgpu.emulator.kube.status import bad_request

Labels = Mapping[str, str]
Requirement = Callable[[Labels], bool]

_SET_FORM = re.compile(r"^\s*(\S+)\s+(in|notin)\s*\(([^)]*)\)\s*$")
_EQUALITY = re.compile(r"^\s*([^\s!=]+)\s*(==|=|!=)\s*(\S*)\s*$")
_NAME = re.compile(r"^\s*(!?)\s*([^\s!=<>,()]+)\s*$")
_KEY = re.compile(r"^([A-Za-z0-9.-]+/)?[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$")

_FIELDS = {
    "pods": (
        "spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName",
        "spec.hostNetwork", "status.phase", "status.podIP", "status.nominatedNodeName",
    ),
    "nodes": ("spec.unschedulable",),
    "namespaces": ("status.phase",),
    "secrets": ("type",),
    "jobs": ("status.successful",),
    "replicasets": ("status.replicas",),
    "services": ("spec.clusterIP", "spec.type"),
    "events": (
        "involvedObject.kind", "involvedObject.namespace", "involvedObject.name",
        "involvedObject.uid", "involvedObject.apiVersion", "involvedObject.resourceVersion",
        "involvedObject.fieldPath", "reason", "reportingComponent", "source", "type",
    ),
}  # fmt: skip


def label_selector(text: str) -> Requirement:
    """A selector such as ``app=web,tier in (a, b),!gpu``; refuses what cannot be parsed."""
    wanted = [_requirement(part, text) for part in _split(text) if part.strip()]
    return lambda labels: all(requirement(labels) for requirement in wanted)


def _split(text: str) -> list[str]:
    """The comma-separated parts; commas in parentheses belong to their part."""
    return re.split(r",(?![^(]*\))", text)


def _requirement(part: str, whole: str) -> Requirement:
    if match := _SET_FORM.match(part):
        key, operator, listed = match.groups()
        values = {value.strip() for value in listed.split(",")}
        return _known(key, whole, _set_test(key, values, within=operator == "in"))
    if match := _EQUALITY.match(part):
        key, operator, value = match.groups()
        return _known(key, whole, _set_test(key, {value}, within=operator != "!="))
    if match := _NAME.match(part):
        negated, key = match.groups()
        return _known(key, whole, lambda labels: (key in labels) != bool(negated))
    raise bad_request(f'unable to parse requirement: found "{part.strip()}" in "{whole}"')


def _known(key: str, whole: str, test: Requirement) -> Requirement:
    if not _KEY.match(key):
        raise bad_request(f'unable to parse requirement: "{key}" is no label key in "{whole}"')
    return test


def _set_test(key: str, values: set[str], *, within: bool) -> Requirement:
    if within:
        return lambda labels: labels.get(key) in values
    return lambda labels: labels.get(key) not in values


def matches(selector: Mapping[str, Any], labels: Labels) -> bool:
    """Whether a LabelSelector object (matchLabels, matchExpressions) selects the labels."""
    equal: Mapping[str, str] = selector.get("matchLabels") or {}
    if any(labels.get(key) != value for key, value in equal.items()):
        return False
    return all(expression(row, labels) for row in selector.get("matchExpressions") or [])


def expression(row: Mapping[str, Any], labels: Labels) -> bool:
    """Whether one match expression holds: In, NotIn, Exists, DoesNotExist, Gt, Lt."""
    key, operator, values = row.get("key", ""), row.get("operator", ""), row.get("values") or []
    found = labels.get(key)
    tests: dict[str, Callable[[], bool]] = {
        "In": lambda: found in values,
        "NotIn": lambda: found not in values,
        "Exists": lambda: found is not None,
        "DoesNotExist": lambda: found is None,
        "Gt": lambda: _compares(found, values, 1),
        "Lt": lambda: _compares(found, values, -1),
    }
    return operator in tests and tests[operator]()


def _compares(found: str | None, values: list[str], sign: int) -> bool:
    try:
        return (int(found or "") - int(values[0])) * sign > 0
    except (ValueError, IndexError):
        return False


def field_selector(text: str, plural: str) -> Callable[[Obj], bool]:
    """A selector such as ``spec.nodeName=a,status.phase!=Failed``.

    Refuses a field that the resource does not index, as the API server does.
    """
    wanted: list[tuple[str, str, bool]] = []
    for part in (part for part in text.split(",") if part.strip()):
        match = _EQUALITY.match(part)
        if not match:
            raise bad_request(f"invalid field selector: {text!r}")
        field, operator, value = match.groups()
        if field not in {"metadata.name", "metadata.namespace", *_FIELDS.get(plural, ())}:
            raise bad_request(
                f'Unable to find "{plural}" that match label selector "", field selector'
                f' "{text}": field label not supported: {field}'
            )
        wanted.append((field, value, operator != "!="))
    return lambda obj: all((_field(obj, f) == value) == same for f, value, same in wanted)


def _field(obj: Obj, path: str) -> str:
    if path == "source":
        path = "source.component"
    value: Any = obj
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    if isinstance(value, bool):
        return str(value).lower()
    if value is None:
        return "false" if path in {"spec.unschedulable", "spec.hostNetwork"} else ""
    return str(value)
