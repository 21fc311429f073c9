"""The JSON and YAML documents: one envelope for every command, and the command's own part.

The shape is described by docs/cli-style.md; ``schemaVersion`` grows only when a field goes away
or changes its meaning.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any

from ackgpu.output_forms import WRITERS, Output
from ackgpu.printable import visible_escapes
from ackgpu.render.failure import Failure, failure_of
from ackgpu.render.results import Facts, Result
from ackgpu.streams import Streams

SCHEMA_VERSION = 1
_LONG, _ROWS_A_PIECE = 100, 100


def document_of(result: Result, *, emulated: bool = False) -> dict[str, Any]:
    """The document of a result; one of an emulated cloud says so."""
    error = failure_of(result.error) if result.error else None
    envelope = _envelope(result.command, result.exits_with, error)
    envelope["warnings"] = list(result.warnings)
    envelope["resources"] = to_plain(result.resources)
    envelope["durations"] = {name: round(took, 3) for name, took in result.durations.items()}
    stands = _stands(error)
    if result.resources:  # the result tells of what was deleted as well
        stands.pop("resources", None)
    if result.durations:
        stands.pop("durations", None)
    return envelope | stands | _mark(emulated) | _own(result)


def failure_document(command: str, error: Failure, *, emulated: bool = False) -> dict[str, Any]:
    """The document of a command that failed with nothing to show for it but what stands."""
    return _envelope(command, error.exit_code, error) | _stands(error) | _mark(emulated)


def pieces_of(streams: Streams, output: Output, result: Result) -> Iterator[str]:
    """The document of a result as text, in pieces: what has thousands of rows is never whole.

    The pieces together are what :func:`to_text` makes of :func:`document_of`.
    """
    rows = _long_field(result.part) if output == "json" else ""
    if not rows:
        yield to_text(streams, output, document_of(result, emulated=streams.emulated))
        return
    head = replace(result, part=replace(result.part, **{rows: ()}))  # type: ignore[type-var]
    text = to_text(streams, output, document_of(head, emulated=streams.emulated))
    before, _, after = text.partition(f'"{camel(rows)}": []')
    yield f'{before}"{camel(rows)}": [\n'
    ascii_only = not streams.unicode(streams.out)
    listed: Sequence[Any] = getattr(result.part, rows)
    for start in range(0, len(listed), _ROWS_A_PIECE):
        piece = listed[start : start + _ROWS_A_PIECE]
        last = start + len(piece) == len(listed)
        yield ",\n".join(_row(row, ascii_only=ascii_only) for row in piece) + (
            "" if last else ",\n"
        )
    yield f"\n  ]{after}"


def _long_field(part: Any) -> str:
    """The field of a part that has so many rows that they are written one by one; empty if none."""
    if isinstance(part, Facts) or not is_dataclass(part):
        return ""
    for item in fields(part):
        value = getattr(part, item.name)
        if isinstance(value, tuple) and len(value) > _LONG and is_dataclass(value[0]):
            return item.name
    return ""


def _row(row: Any, *, ascii_only: bool) -> str:
    """A row of a list at the document's top, as json.dumps would indent it there."""
    import msgspec

    plain = to_plain(row)
    text = msgspec.json.format(msgspec.json.encode(plain), indent=2).decode()
    if ascii_only and not text.isascii():
        text = json.dumps(plain, indent=2)
    return "    " + visible_escapes(text).replace("\n", "\n    ")


def to_text(streams: Streams, output: Output, document: Mapping[str, Any]) -> str:
    """``document`` in the form that -o asks for, one of :data:`~ackgpu.output_forms.DOCUMENTS`."""
    return visible_escapes(WRITERS[output](document, not streams.unicode(streams.out)))


def to_plain(value: Any) -> Any:
    """Records, instants and sequences as JSON has them, with field names in camelCase."""
    if isinstance(value, str | float):
        return value if isinstance(value, str) else round(value, 3)
    if is_dataclass(value) and not isinstance(value, type):
        return {shown: to_plain(getattr(value, name)) for name, shown in _names(type(value))}
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [to_plain(item) for item in value]
    return value


@cache
def _names(kind: type) -> tuple[tuple[str, str], ...]:
    """The fields of a record, each with its name in documents."""
    return tuple((item.name, camel(item.name)) for item in fields(kind))


def camel(name: str) -> str:
    """``exit_code`` and ``exit code`` as ``exitCode``."""
    head, *tail = name.replace(" ", "_").replace("-", "_").split("_")
    return head[:1].lower() + head[1:] + "".join(word[:1].upper() + word[1:] for word in tail)


def _envelope(command: str, exit_code: int, error: Failure | None) -> dict[str, Any]:
    return {
        "schemaVersion": SCHEMA_VERSION,
        "command": command,
        "ok": exit_code == 0 and error is None,
        "exitCode": exit_code,
        "error": error
        and {
            "code": error.code,
            "message": error.message,
            "resolution": error.resolution,
            "requestId": error.request_id,
            "details": list(error.details),
        },
        "warnings": [],
        "resources": [],
        "durations": {},
    }


def _mark(emulated: bool) -> dict[str, Any]:  # noqa: FBT001 -- its only argument
    return {"emulated": True} if emulated else {}


def _stands(error: Failure | None) -> dict[str, Any]:
    """What stands after a failure, how long it took, and what it costs an hour."""
    aftermath = error.aftermath if error else None
    if aftermath is None:
        return {}
    return {
        "resources": to_plain(aftermath.resources),
        "durations": {name: round(took, 3) for name, took in aftermath.durations.items()},
        "hourly": to_plain(aftermath.hourly),
    }


def _own(result: Result) -> dict[str, Any]:
    if isinstance(result.part, Facts):
        return {camel(label): to_plain(value) for label, value in result.part.facts.items()}
    own: dict[str, Any] = to_plain(result.part)
    return own
