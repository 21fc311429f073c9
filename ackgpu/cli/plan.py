"""``ackgpu plan``."""

from __future__ import annotations

import typer


def register(root: typer.Typer) -> None:
    """Add the command."""
    del root
