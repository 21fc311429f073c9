"""The forms of ``-o``: their names, and how a document is written in those that have one."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from typing import Any, Literal, get_args

Output = Literal["table", "json", "yaml", "name", "jsonl"]
OUTPUTS: tuple[Output, ...] = get_args(Output)
EVENT_STREAM: Output = "jsonl"
"""The form in which the events of a run come before its document, one a line."""


def _yaml(document: Mapping[str, Any], ascii_only: bool) -> str:  # noqa: FBT001 -- a Writer
    from ruamel.yaml import YAML

    from ackgpu.yaml11_quotes import make_representer

    yaml = YAML(pure=True)
    yaml.Representer = make_representer()
    yaml.default_flow_style = False
    yaml.allow_unicode = not ascii_only
    text = io.StringIO()
    yaml.dump(dict(document), text)
    return text.getvalue()


def _json(document: Mapping[str, Any], ascii_only: bool) -> str:  # noqa: FBT001 -- a Writer
    return json.dumps(document, ensure_ascii=ascii_only, indent=2) + "\n"


def _json_line(document: Mapping[str, Any], ascii_only: bool) -> str:  # noqa: FBT001 -- a Writer
    """One line of type ``Result``, after those of the events."""
    line = {"type": "Result", **document}
    return json.dumps(line, ensure_ascii=ascii_only, separators=(",", ":")) + "\n"


Writer = Callable[[Mapping[str, Any], bool], str]
WRITERS: Mapping[Output, Writer] = {"json": _json, "yaml": _yaml, "jsonl": _json_line}
"""A document as text, by the form; True: where stdout takes nothing but ASCII."""
DOCUMENTS = frozenset(WRITERS)
"""The forms in which stdout gets a document, a failed command's too; any other is drawn."""
