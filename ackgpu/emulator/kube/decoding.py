"""Objects checked against the API's types: wrong types refused, unknown fields told and dropped.

The tables of :mod:`ackgpu.emulator.kube.protobuf` say which fields each message has. Messages and
wordings follow the API server's strict decoding (``fieldValidation``).
"""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.kube.objects import Obj
from ackgpu.emulator.kube.status import bad_request
from ackgpu.emulator.tables import table

SCALARS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "bytes": (str,),
    "bool": (bool,),
    "int32": (int,),
    "int64": (int,),
    "Quantity": (str, int, float),
    "IntOrString": (str, int),
    "Time": (str,),
}
BITS = {"int32": 31, "int64": 63}
OPEN = frozenset({"VolumeSource", "Volume", "PodSpec"})
"""Messages of which the tables leave out parts: their unknown fields are kept."""
UNLISTED = frozenset({
    "apiVersion", "kind", "status", "metadata.managedFields", "metadata.selfLink",
})  # fmt: skip
UNWRAPPED = "inline"


def checked(obj: Obj, mode: str) -> tuple[Obj, list[str]]:
    """The object without nulls and unknown fields, and what was unknown.

    ``mode`` is ``fieldValidation``'s: Strict refuses with 400 where anything is unknown.
    """
    name = table("kube/protobuf")["kinds"].get(f"{obj.get('apiVersion')}/{obj.get('kind')}")
    if name is None:
        return obj, []
    unknown: list[str] = []
    result = _message(name, obj, "", unknown)
    if unknown and mode == "Strict":
        text = ", ".join(f'unknown field "{path}"' for path in unknown)
        kind, version = obj["kind"], str(obj["apiVersion"]).rpartition("/")[2]
        raise bad_request(
            f'{kind} in version "{version}" cannot be handled as a {kind}:'
            f" strict decoding error: {text}"
        )
    return result, unknown


def _fields(name: str) -> dict[str, list[str]]:
    """The fields of a message by JSON name: type, then form."""
    found: dict[str, list[str]] = {}
    for key, kind, *form in table("kube/protobuf")["messages"][name].values():
        if form == [UNWRAPPED]:
            found.update(_fields(kind))
        else:
            found[key] = [kind, *form]
    return found


def _message(name: str, value: Any, path: str, unknown: list[str]) -> Obj:
    if not isinstance(value, dict):
        raise _wrong(value, path, name)
    fields, result = _fields(name), {}
    for key, inner in value.items():
        where = f"{path}.{key}" if path else key
        if where in UNLISTED or (key not in fields and name in OPEN):
            result[key] = inner
        elif key not in fields:
            unknown.append(where)
        elif inner is not None or key == "creationTimestamp":
            kind, *form = fields[key]
            result[key] = inner if inner is None else _field(kind, form, inner, (where, unknown))
    return result


def _field(kind: str, form: list[str], value: Any, place: tuple[str, list[str]]) -> Any:
    path, unknown = place
    if form == ["list"]:
        if not isinstance(value, list):
            raise _wrong(value, path, f"[]{kind}")
        return [_value(kind, row, f"{path}[{n}]", unknown) for n, row in enumerate(value)]
    if form == ["map"]:
        if not isinstance(value, dict):
            raise _wrong(value, path, f"map[string]{kind}")
        return {key: _value(kind, row, f"{path}.{key}", unknown) for key, row in value.items()}
    return _value(kind, value, path, unknown)


def _value(kind: str, value: Any, path: str, unknown: list[str]) -> Any:
    if kind not in SCALARS:
        return _message(kind, value, path, unknown)
    wrong = not isinstance(value, SCALARS[kind])
    if wrong or (isinstance(value, bool) and kind != "bool"):
        raise _wrong(value, path, kind)
    if kind in BITS and not -(2 ** BITS[kind]) <= value < 2 ** BITS[kind]:
        raise _wrong(value, path, kind)
    return value


def _wrong(value: Any, path: str, kind: str) -> Exception:
    names = {str: "string", bool: "bool", list: "array", dict: "object", type(None): "null"}
    given = names.get(type(value), "number")
    return bad_request(f"json: cannot unmarshal {given} into Go struct field {path} of type {kind}")
