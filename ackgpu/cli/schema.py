"""``ackgpu schema``."""

from __future__ import annotations

import typer

from ackgpu.app import App
from ackgpu.cli.command import Came, add_command, command_group


def register(root: typer.Typer) -> None:
    """Add the group."""
    group = command_group("Print ackgpu's own interface as data.")
    add_command(group, "commands", commands, prefix="schema")
    root.add_typer(group, name="schema")


def commands(app: App) -> Came:
    """Print every command with its flags, effects, exit codes and document, as JSON.

    Example: ackgpu schema commands > commands.json
    """
    from ackgpu.commands.schema import commands as run

    return run(app)
