"""``ackgpu schema``."""

from __future__ import annotations

import typer

from ackgpu.cli.command import Came, add_command, command_group
from ackgpu.session import Session


def register(root: typer.Typer) -> None:
    """Add the group."""
    group = command_group("Print ackgpu's own interface as data.")
    add_command(group, "commands", commands, prefix="schema")
    root.add_typer(group, name="schema")


def commands(session: Session) -> Came:
    """Print every command with its flags, effects, exit codes and document, as JSON.

    Example: ackgpu schema commands > commands.json
    """
    from ackgpu.commands.program.schema import commands as execute

    return execute(session)
