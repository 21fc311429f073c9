"""The JSON and YAML documents: one envelope for every command, and the command's own part.

The shape is described by docs/cli-style.md; ``schemaVersion`` grows only when a field goes away
or changes its meaning.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import Any

from ackgpu.render.failure import Failure, failure_of
from ackgpu.render.results import Facts, Result
from ackgpu.settings import Output
from ackgpu.streams import Streams

SCHEMA_VERSION = 1


def document_of(result: Result) -> dict[str, Any]:
    """The document of a result."""
    error = failure_of(result.error) if result.error else None
    envelope = _envelope(result.command, result.exits_with, error)
    envelope["warnings"] = list(result.warnings)
    envelope["resources"] = to_plain(result.resources)
    envelope["durations"] = {name: round(took, 3) for name, took in result.durations.items()}
    return envelope | _own(result)


def failure_document(command: str, error: Failure) -> dict[str, Any]:
    """The document of a command that failed with nothing to show for it."""
    return _envelope(command, error.exit_code, error)


def to_text(streams: Streams, output: Output, document: Mapping[str, Any]) -> str:
    """``document`` in the form that -o asks for; with jsonl one line of type ``Result``."""
    ascii_only = not streams.unicode(streams.out)
    if output == "yaml":
        return _yaml(document, ascii_only=ascii_only)
    if output == "jsonl":
        line = {"type": "Result", **document}
        return json.dumps(line, ensure_ascii=ascii_only, separators=(",", ":")) + "\n"
    return json.dumps(document, ensure_ascii=ascii_only, indent=2) + "\n"


def to_plain(value: Any) -> Any:
    """Records, instants and sequences as JSON has them, with field names in camelCase."""
    if is_dataclass(value) and not isinstance(value, type):
        return {camel(item.name): to_plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [to_plain(item) for item in value]
    if isinstance(value, float):
        return round(value, 3)
    return value


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


def _own(result: Result) -> dict[str, Any]:
    if isinstance(result.part, Facts):
        return {camel(label): to_plain(value) for label, value in result.part.facts.items()}
    own: dict[str, Any] = to_plain(result.part)
    return own


def _yaml(document: Mapping[str, Any], *, ascii_only: bool) -> str:
    from ruamel.yaml import YAML

    from ackgpu.yaml_words import make_representer

    yaml = YAML(pure=True)
    yaml.Representer = make_representer()
    yaml.default_flow_style = False
    yaml.allow_unicode = not ascii_only
    text = io.StringIO()
    yaml.dump(dict(document), text)
    return text.getvalue()
