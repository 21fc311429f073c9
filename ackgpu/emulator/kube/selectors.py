"""Label selectors (text and object form) and field selectors."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from ackgpu.emulator.kube.names import key_faults, value_faults
from ackgpu.emulator.kube.objects import Obj
from ackgpu.emulator.kube.resources import ApiResource
from ackgpu.emulator.kube.status import bad_request

Labels = Mapping[str, str]
Requirement = Callable[[Labels], bool]

_TOKEN = re.compile(r"\s*(==|!=|[=!<>(),]|[^\s=!<>(),]+)")
_SIGNS = frozenset({"==", "!=", "=", "!", "<", ">", "(", ")", ",", ""})
_OPERATORS = {"=": "In", "==": "In", "!=": "NotIn", "in": "In", "notin": "NotIn", ">": "Gt",
              "<": "Lt"}  # fmt: skip
_FIELD = re.compile(r"\s*([^\s!=]+)\s*(==|=|!=)\s*(\S*)\s*")


def label_selector(text: str) -> Requirement:
    """A selector such as ``app=web,tier in (a, b),!gpu``; refuses what cannot be parsed."""
    rows = _Parser(text).rows()
    return lambda labels: all(expression(row, labels) for row in rows)


class _Parser:
    """Reads a selector as apimachinery's ``labels.Parse`` does, and refuses in its words."""

    def __init__(self, text: str) -> None:
        self._tokens = _TOKEN.findall(text)
        self._at = 0

    def rows(self) -> list[Obj]:
        found: list[Obj] = []
        while self._peek():
            if self._peek() in _SIGNS - {"!"}:
                raise self._found("!, identifier, or 'end of string'")
            found.append(self._requirement())
            if self._peek() not in {",", ""}:
                raise self._found("',' or 'end of string'")
            if self._take() == "," and self._peek() in _SIGNS - {"!"}:
                raise self._found("identifier after ','")
        return found

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self) -> str:
        token = self._peek()
        self._at += 1
        return token

    def _found(self, expected: str) -> Exception:
        text = f"found '{self._peek()}', expected: {expected}"
        return bad_request(f"unable to parse requirement: {text}")

    def _word(self) -> str:
        if self._peek() in _SIGNS:
            raise self._found("identifier")
        return self._take()

    def _requirement(self) -> Obj:
        absent = self._peek() == "!"
        self._at += absent
        key = self._word()
        for fault in key_faults(key):
            raise _wrong("key", key, fault)
        if absent or self._peek() in {",", ""}:
            return {"key": key, "operator": "DoesNotExist" if absent else "Exists"}
        sign = self._peek()
        if sign not in _OPERATORS:
            raise self._found("in, notin, =, ==, !=, gt, lt")
        self._take()
        values = self._listed() if sign in {"in", "notin"} else [self._value()]
        for number, value in enumerate(values):
            for fault in value_faults(value):
                raise _wrong(f"values[{number}][{key}]", value, fault)
        if sign in {"<", ">"} and not re.fullmatch(r"[+-]?\d+", values[0]):
            text = "for 'Gt', 'Lt' operators, the value must be an integer"
            raise _wrong("values[0]", values[0], text)
        return {"key": key, "operator": _OPERATORS[sign], "values": values}

    def _value(self) -> str:
        return "" if self._peek() in {",", ""} else self._word()

    def _listed(self) -> list[str]:
        if self._peek() != "(":
            raise self._found("'('")
        values, sign = [], self._take()
        while sign != ")":
            values.append("" if self._peek() in {",", ")"} else self._word())
            if self._peek() not in {",", ")"}:
                raise self._found("',', or ')'")
            sign = self._take()
        return values


def _wrong(field: str, value: str, fault: str) -> Exception:
    return bad_request(f'unable to parse requirement: {field}: Invalid value: "{value}": {fault}')


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


def field_selector(text: str, resource: ApiResource) -> Callable[[Obj], bool]:
    """A selector such as ``spec.nodeName=a,status.phase!=Failed``.

    Refuses a field that the resource does not index, as the API server does.
    """
    wanted: list[tuple[str, str, bool]] = []
    for part in (part for part in text.split(",") if part.strip()):
        match = _FIELD.fullmatch(part)
        if not match:
            raise bad_request(f"invalid selector: '{text}'; can't understand '{part}'")
        field, operator, value = match.groups()
        if field not in {"metadata.name", "metadata.namespace", *resource.fields}:
            raise bad_request(_unknown_field(field, resource))
        wanted.append((field, value, operator != "!="))
    return lambda obj: all((_field(obj, f) == value) == same for f, value, same in wanted)


def _unknown_field(field: str, resource: ApiResource) -> str:
    """Kinds with fields of their own say less than the others do."""
    if resource.fields and not resource.custom:
        return f"field label not supported: {field}"
    known = '"metadata.name", "metadata.namespace"'
    return f'"{field}" is not a known field selector: only {known}'


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
