"""Write the commands' part of docs/cli.md from the command tree itself.

python docs/generate_cli.py
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer.main

from ackgpu.cli.command import GLOBALS
from ackgpu.cli.flag_set import fill_in_defaults
from ackgpu.cli.root import COMMANDS, build

PAGE = Path(__file__).parent / "cli.md"
MARK = "<!-- from here on written by docs/generate_cli.py -->\n"


def page() -> str:
    """The whole page: what stands above the mark, and the commands."""
    above, mark, _ = PAGE.read_text(encoding="utf-8").partition(MARK)
    root = typer.main.get_command(build(COMMANDS))
    fill_in_defaults(root)
    return above + mark + "".join(_sections(root, ""))


def _sections(group: Any, prefix: str) -> Iterator[str]:
    for name, command in group.commands.items():
        title = f"{prefix} {name}".strip()
        if hasattr(command, "commands"):
            yield from _sections(command, title)
        else:
            yield _section(title, command)


def _section(title: str, command: Any) -> str:
    text = (command.help or "").strip()
    body, _, example = text.partition("Example: ")
    parts = [f"\n### {title}\n", "\n" + body.strip() + "\n"]
    if example:
        parts.append(f"\n    {example.strip()}\n")
    own = [p for p in command.params if p.name not in GLOBALS and p.name != "help"]
    if own:
        parts.append("\n| | |\n|---|---|\n")
        parts.extend(_row(parameter) for parameter in own)
    return "".join(parts)


def _row(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        name = parameter.human_readable_name.upper()
    else:
        name = ", ".join(parameter.opts)
        if parameter.secondary_opts:
            name += "/" + ", ".join(parameter.secondary_opts)
    text = " ".join((getattr(parameter, "help", "") or "").split()).replace("|", "\\|")
    return f"| `{name}` | {text} |\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"{PAGE} written\n")
