"""Write the table of commands that completion and help are answered from.

python docs/generate_commands.py
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import typer.main

from ackgpu import command_table
from ackgpu.cli import complete
from ackgpu.cli.command import GLOBALS
from ackgpu.cli.effects import EFFECTS, ENVIRONMENT, MEANING
from ackgpu.cli.flag_set import fill_in_defaults
from ackgpu.cli.root import COMMANDS, GROUPS, build
from ackgpu.commands.program.explanations import Catalogue
from ackgpu.preflight.checks import all_checks
from ackgpu.preflight.limit_values import LimitRules
from ackgpu.regions import REGIONS
from ackgpu.spec.catalog import gpu_types

HELP = {
    "names": ["--help", "-h"],
    "takes": "",
    "many": False,
    "required": False,
    "about": "Show this page.",
    "default": "",
    "environment": [],
    "panel": "",
}
TABLE = Path(command_table.PATH)


def table() -> str:
    """The whole table, as the file holds it."""
    root = typer.main.get_command(build(COMMANDS))
    fill_in_defaults(root)
    content = {
        "values": _values(),
        "meanings": MEANING,
        "groups": GROUPS,
        "flags": [*(_flag(p) for p in root.params if p.name in GLOBALS), HELP],
        "commands": dict(_commands(root, "")),
    }
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _values() -> dict[str, dict[str, str]]:
    return {
        "REGION": REGIONS,
        "TYPE": {found.id: f"{found.card}, {found.gpu_memory_gib} GiB" for found in gpu_types()},
        "CHECK": dict.fromkeys((check.id for check in all_checks(LimitRules())), ""),
        "CODE": dict.fromkeys(sorted(Catalogue().names), ""),
    }


def _commands(command: Any, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    inner = getattr(command, "commands", {})
    options = [p for p in command.params if p.param_type_name == "option"]
    own = [p for p in options if p.name != "help" and (p.name not in GLOBALS or p.multiple)]
    text, _, example = (command.help or "").strip().partition("Example: ")
    entry: dict[str, Any] = {
        "about": " ".join(text.partition("\n\n")[0].split()),
        "more": [" ".join(part.split()) for part in text.split("\n\n")[1:] if part.strip()],
        "example": " ".join(example.split()),
        "words": {
            name: _sentence(found.help if path else COMMANDS[name]) for name, found in inner.items()
        },
        "arguments": [_argument(p) for p in command.params if p.param_type_name == "argument"],
        "flags": [_flag(p) for p in own],
    }
    if not inner:
        entry |= asdict(EFFECTS[path])
    yield path, entry
    for name, found in inner.items():
        yield from _commands(found, f"{path} {name}".strip())


def _argument(parameter: Any) -> dict[str, Any]:
    takes = _takes(parameter)
    return {
        "name": "|".join(takes) if isinstance(takes, list) else parameter.name.upper(),
        "takes": takes,
        "required": bool(parameter.required),
        "about": _help(parameter),
    }


def _flag(parameter: Any) -> dict[str, Any]:
    switch = parameter.is_flag
    return {
        "names": [*parameter.opts, *parameter.secondary_opts],
        "takes": "" if switch else _takes(parameter),
        "many": bool(parameter.multiple),
        "required": bool(parameter.required),
        "about": _help(parameter),
        "default": _default(parameter),
        "environment": list(ENVIRONMENT.get(parameter.name, ())),
        "panel": getattr(parameter, "rich_help_panel", None) or "",
    }


def _default(parameter: Any) -> str:
    """The default, as it is typed; that of a setting of a spec stands in its help already."""
    value = parameter.default
    if not parameter.show_default or value is None or parameter.name == "help":
        return ""
    if isinstance(value, bool):
        return (
            (parameter.opts if value else parameter.secondary_opts or [""])[0]
            if (parameter.secondary_opts)
            else ""
        )
    return f"{value:g}" if isinstance(value, float) else str(value)


def _takes(parameter: Any) -> Any:
    """The choices, or the word that names what it takes."""
    choices = getattr(parameter.type, "choices", None)
    if choices:
        return list(choices)
    if parameter.type.name in {"path", "file", "directory"}:
        return complete.FILES
    if parameter.metavar:
        return parameter.metavar
    if parameter.param_type_name == "argument":
        return parameter.name.upper()
    return {"int": "N", "integer": "N", "float": "X"}.get(parameter.type.name.split()[0], "VALUE")


def _help(parameter: Any) -> str:
    return " ".join((parameter.help or "").split())


def _sentence(text: str | None) -> str:
    return " ".join((text or "").strip().partition("\n\n")[0].split())


if __name__ == "__main__":
    TABLE.write_text(table(), encoding="utf-8")
    sys.stdout.write(f"{TABLE} written\n")
