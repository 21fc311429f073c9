"""Bodies in ``application/vnd.kubernetes.protobuf``, decoded by tables of field numbers.

kubectl from 1.32 on sends typed objects (``create namespace``, ``create configmap``,
``auth can-i`` …) in this form only. Which field has which number is in
:mod:`ackgpu.emulator.kube.schema`.
"""

from __future__ import annotations

import base64
import json
import struct
from typing import Any

from ackgpu.emulator.kube.objects import Obj
from ackgpu.emulator.kube.schema import SCALARS, SchemaField, message_of, own_fields
from ackgpu.emulator.kube.status import bad_request
from ackgpu.emulator.shared.protobuf_wire import read_fields

MAGIC = b"k8s\x00"


def decode(body: bytes) -> Obj:
    """The object in a protobuf envelope; refuses with 400 what cannot be read."""
    if not body.startswith(MAGIC):
        raise bad_request("provided data does not appear to be a protobuf message")
    try:
        unknown = dict(read_fields(body[len(MAGIC) :]))
        type_meta = dict(read_fields(bytes(unknown[1])))
        api_version, kind = (bytes(type_meta[number]).decode() for number in (1, 2))
        name = message_of(api_version, kind)
        if name is None:
            raise bad_request(f'no kind "{kind}" is registered for version "{api_version}"')
        return {"apiVersion": api_version, "kind": kind, **_message(name, bytes(unknown[2]))}
    except (KeyError, IndexError, ValueError, struct.error):
        raise bad_request("the protobuf message cannot be decoded") from None


def _message(name: str, data: bytes) -> Obj:
    numbered = {field.number: field for field in own_fields(name)}
    result: Obj = {}
    for number, raw in read_fields(data):
        if field := numbered.get(number):
            _put(result, field, raw)
    return result


def _put(result: Obj, field: SchemaField, raw: bytes | int) -> None:
    if field.inline:
        result.update(_value(field.kind, raw))
    elif field.forms[:1] == ("map",):
        entry = dict(read_fields(bytes(raw))) if isinstance(raw, bytes) else {}
        value = entry.get(2, b"")
        if len(field.forms) > 1 and isinstance(value, bytes):
            found: Any = [_value(field.kind, row) for _, row in read_fields(value)]
        else:
            found = _value(field.kind, value)
        result.setdefault(field.name, {})[bytes(entry.get(1, b"")).decode()] = found
    elif field.forms:
        result.setdefault(field.name, []).append(_value(field.kind, raw))
    else:
        value = _value(field.kind, raw)
        if value not in ("", None, {}) and (value or not field.omits):
            result[field.name] = value


def _value(kind: str, raw: bytes | int) -> Any:
    if kind == "bool":
        return bool(raw)
    if kind in {"int32", "int64"}:
        number = int(raw) if isinstance(raw, int) else 0
        return number - 2**64 if number >= 2**63 else number
    if not isinstance(raw, bytes):
        raise ValueError(f"{kind} is no number")  # noqa: TRY004 -- of the input, not of the caller
    if kind == "string":
        return raw.decode()
    if kind == "bytes":
        return base64.b64encode(raw).decode()
    if kind == "double":
        return struct.unpack("<d", raw)[0]
    return _special(kind, raw) if kind in SCALARS else _message(kind, raw)


def _special(kind: str, raw: bytes) -> Any:
    fields = dict(read_fields(raw))
    if kind == "Any":
        return json.loads(bytes(fields.get(1, b"null")))
    if kind == "Quantity":
        return bytes(fields.get(1, b"")).decode()
    if kind == "IntOrString":
        if fields.get(1, 0):
            return bytes(fields.get(3, b"")).decode()
        return fields.get(2, 0)
    from datetime import UTC, datetime

    seconds, nanos = fields.get(1, 0), fields.get(2, 0)
    if not isinstance(seconds, int) or not isinstance(nanos, int) or not seconds:
        return None
    form = "%Y-%m-%dT%H:%M:%S.%fZ" if kind == "MicroTime" else "%Y-%m-%dT%H:%M:%SZ"
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=nanos // 1000).strftime(form)
