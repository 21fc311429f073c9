"""A command line, parsed by the program's own tree and not carried out."""

from __future__ import annotations

import shlex
from functools import cache
from typing import Any

import typer.main

from ackgpu.cli.root import COMMANDS, build


@cache
def tree() -> Any:
    """The whole command tree."""
    return typer.main.get_command(build(COMMANDS))


def why_not(line: str) -> str:
    """Why ``line``, without the program's name, cannot be typed; empty if it can.

    What stands behind ``>`` is the shell's.
    """
    line = line.partition(" > ")[0]
    try:
        words = shlex.split(line)
        if {"--help", "-h", "--version"} & set(words):
            return ""
        _parse(tree(), words, None, "ackgpu")
    except Exception as error:
        if hasattr(error, "format_message"):
            return str(error.format_message())
        raise
    return ""


def _parse(command: Any, words: list[str], parent: Any, name: str) -> None:
    context = command.make_context(name, list(words), parent=parent)
    if not hasattr(command, "commands"):
        return
    rest = [*context._protected_args, *context.args]
    if rest:
        found, inner, behind = command.resolve_command(context, rest)
        _parse(inner, behind, context, found)
