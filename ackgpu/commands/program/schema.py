"""``schema commands``: every command as data, for programs that write command lines."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from ackgpu.engine.aftermath import KnownSum
from ackgpu.render import causes, changes, deletions, results, sleep_results, verdicts
from ackgpu.render.document import camel
from ackgpu.render.output import json_file
from ackgpu.render.results import Result
from ackgpu.session import Session

_COMMANDS: Mapping[Any, tuple[str, ...]] = {
    results.CreateSummary: ("create",),
    changes.Changes: ("apply", "nodepool update"),
    results.PlanResult: ("plan",),
    verdicts.QuotaResult: ("check-quota",),
    verdicts.CheckList: ("preflight", "policy check", "doctor"),
    results.OfferList: ("offers",),
    results.ClusterList: ("list",),
    results.ClusterDescription: ("describe",),
    verdicts.VerifyResult: ("verify",),
    causes.DiagnosisResult: ("diagnose",),
    verdicts.SampleResult: ("run-sample",),
    results.NodePoolList: tuple(
        f"nodepool {verb}" for verb in ("list", "add", "scale", "delete", "attach")
    ),
    results.NodeList: tuple(f"node {verb}" for verb in ("list", "drain", "replace", "repair")),
    sleep_results.SleepSummary: ("sleep", "wake"),
    deletions.DeleteResult | deletions.DeletePreview: ("delete",),
    deletions.GcResult: ("gc",),
}
DOCUMENTS = {command: record for record, of in _COMMANDS.items() for command in of}
"""The record that is a command's own part of its document. The others print a file, or facts whose
names are their own."""

ENVELOPE = {
    "schemaVersion": {"type": "integer"},
    "command": {"type": "string"},
    "ok": {"type": "boolean"},
    "exitCode": {"type": "integer"},
    "error": {
        "anyOf": [
            {
                "type": "object",
                "properties": {
                    "code": {"type": "string"},
                    "message": {"type": "string"},
                    "resolution": {"type": ["string", "null"]},
                    "requestId": {"type": ["string", "null"]},
                    "details": {"type": "array", "items": {"type": "string"}},
                },
            },
            {"type": "null"},
        ]
    },
    "warnings": {"type": "array", "items": {"type": "string"}},
    "resources": {"type": "array", "items": {"type": "object"}},
    "durations": {"type": "object", "additionalProperties": {"type": "number"}},
    "emulated": {"type": "boolean"},
}
"""What every document holds, in the words of JSON Schema."""

PLAIN = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    datetime: {"type": "string", "format": "date-time"},
    type(None): {"type": "null"},
}


def commands(session: Session) -> Result:
    """Print the commands: flags, effects, exit codes and documents."""
    from ackgpu.command_table import load

    table = load()
    content = {
        "envelope": ENVELOPE | {"hourly": schema_of(KnownSum)},  # where a change failed
        "flags": table["flags"],
        "exitCodes": table["meanings"],
        "commands": [
            _command(path, entry) for path, entry in table["commands"].items() if "exits" in entry
        ],
    }
    part = json_file(session.settings.output, "schema", content)
    return Result(command="schema commands", part=part)


def _command(path: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    record = DOCUMENTS.get(path)
    return {
        "command": path,
        "about": entry["about"],
        "example": entry["example"],
        "arguments": entry["arguments"],
        "flags": entry["flags"],
        "effects": {key: entry[key] for key in ("reads", "writes", "costs", "asks")},
        "exitCodes": entry["exits"],
        "document": None if record is None else schema_of(record),
    }


def schema_of(kind: Any) -> dict[str, Any]:
    """A record or another annotation, in the words of JSON Schema."""
    if kind in PLAIN:
        return dict(PLAIN[kind])
    if dataclasses.is_dataclass(kind):
        hints = get_type_hints(kind)
        names = [field.name for field in dataclasses.fields(kind)]
        return {"type": "object", "properties": {camel(n): schema_of(hints[n]) for n in names}}
    return _generic(get_origin(kind), get_args(kind))


def _generic(origin: Any, inner: tuple[Any, ...]) -> dict[str, Any]:
    if origin is Literal:
        return {"enum": list(inner)}
    if origin in (Union, types.UnionType):
        return {"anyOf": [schema_of(one) for one in inner]}
    if origin is tuple:
        return {"type": "array", "items": schema_of(inner[0])}
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": schema_of(inner[1])}
    return {}  # whatever JSON holds
