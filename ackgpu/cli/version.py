"""``ackgpu version``."""

from __future__ import annotations

import typer

from ackgpu.app import App
from ackgpu.cli.command import Came, add_command


def register(root: typer.Typer) -> None:
    """Add the command."""
    add_command(root, "version", version)


def version(app: App) -> Came:
    """Print the versions of ackgpu and of what it stands on.

    Example: ackgpu version -o json
    """
    from ackgpu.commands.version import run

    del app
    return run()
