"""Objects checked against the API's types: wrong types refused, unknown fields told and dropped.

:mod:`ackgpu.emulator.kube.schema` says which fields each message has. Messages and wordings follow
the API server's strict decoding (``fieldValidation``).
"""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.kube.custom import complete
from ackgpu.emulator.kube.objects import Obj
from ackgpu.emulator.kube.resources import ApiResource
from ackgpu.emulator.kube.schema import SCALARS, SchemaField, fields, message_of
from ackgpu.emulator.kube.status import bad_request

BITS = {"int32": 31, "int64": 63}
UNLISTED = frozenset({
    "apiVersion", "kind", "status", "metadata.managedFields", "metadata.selfLink",
})  # fmt: skip


def checked(obj: Obj, mode: str, resource: ApiResource | None = None) -> tuple[Obj, list[str]]:
    """The object without nulls and unknown fields, and what was unknown.

    ``mode`` is ``fieldValidation``'s: Strict refuses with 400 where anything is unknown.
    ``resource``: where it is a custom one, its schema says what is known.
    """
    unknown: list[str] = []
    custom = resource is not None and resource.custom
    name = "ObjectMeta" if custom else message_of(str(obj.get("apiVersion")), str(obj.get("kind")))
    if name is None:
        return obj, []
    try:
        if resource is not None and custom:
            metadata = _message(name, obj.get("metadata"), "metadata", unknown)
            result = {**obj, "metadata": metadata}
            unknown += complete(resource, result)
        else:
            result = _message(name, obj, "", unknown)
    except _WrongTypeError as error:
        given, path, wanted = error.args
        raise bad_request(
            f"{_handled(obj)}: json: cannot unmarshal {given} into Go struct field"
            f" {_struct(name, path)} of type {wanted}"
        ) from None
    if unknown and mode == "Strict":
        text = ", ".join(f'unknown field "{path}"' for path in unknown)
        raise bad_request(f"{_handled(obj)}: strict decoding error: {text}")
    return result, unknown


def _handled(obj: Obj) -> str:
    kind, version = obj["kind"], str(obj["apiVersion"]).rpartition("/")[2]
    return f'{kind} in version "{version}" cannot be handled as a {kind}'


def _struct(message: str, path: str) -> str:
    """A path as Go names it: the type that its last field belongs to, then the path."""
    names = [part.partition("[")[0] for part in path.split(".")]
    for number, name in enumerate(names):
        field = fields(message).get(name)
        if field is None or field.kind in SCALARS or number + 1 == len(names):
            return f"{message}.{'.'.join(names[: number + 1])}"
        message = field.kind
    return message


def _message(name: str, value: Any, path: str, unknown: list[str]) -> Obj:
    if not isinstance(value, dict):
        raise _wrong(value, path, name)
    known, result = fields(name), {}
    for key, inner in value.items():
        where = f"{path}.{key}" if path else key
        if where in UNLISTED:
            result[key] = inner
        elif key not in known:
            unknown.append(where)
        elif inner is not None:
            found = _form(known[key], known[key].forms, inner, (where, unknown))
            if found or not known[key].omits:
                result[key] = found
    return result


def _form(
    field: SchemaField, forms: tuple[str, ...], value: Any, place: tuple[str, list[str]]
) -> Any:
    path, unknown = place
    if not forms:
        return _value(field.kind, value, path, unknown)
    if forms[0] == "[]":
        if not isinstance(value, list):
            raise _wrong(value, path, f"[]{field.kind}")
        return [
            _form(field, forms[1:], row, (f"{path}[{n}]", unknown)) for n, row in enumerate(value)
        ]
    if not isinstance(value, dict):
        raise _wrong(value, path, f"map[string]{field.kind}")
    return {
        key: _form(field, forms[1:], row, (f"{path}.{key}", unknown)) for key, row in value.items()
    }


def _value(kind: str, value: Any, path: str, unknown: list[str]) -> Any:
    if kind not in SCALARS:
        return _message(kind, value, path, unknown)
    wrong = not isinstance(value, SCALARS[kind])
    if wrong or (isinstance(value, bool) and kind not in {"bool", "Any"}):
        raise _wrong(value, path, kind)
    if kind in BITS and not -(2 ** BITS[kind]) <= value < 2 ** BITS[kind]:
        raise _wrong(value, path, kind)
    return value


class _WrongTypeError(Exception):
    """What was given, where, and of which type it should be."""


def _wrong(value: Any, path: str, kind: str) -> Exception:
    names = {str: "string", bool: "bool", list: "array", dict: "object", type(None): "null"}
    given = names.get(type(value), "number")
    return _WrongTypeError(given, path, kind)
