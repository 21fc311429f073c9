"""``ackgpu completion``."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from ackgpu.cli.command import Came
from ackgpu.session import Session


def completion(
    session: Session,
    shell: Annotated[Literal["bash", "zsh", "fish"], typer.Argument(help="The shell.")],
) -> Came:
    """Print a script that makes a shell complete ackgpu's command lines.

    It completes commands, flags and their values, and the names of the clusters and node pools that
    this machine has worked on.

    Example: ackgpu completion bash > ~/.local/share/bash-completion/completions/ackgpu
    """
    from ackgpu.commands.program.completion import execute

    return execute(shell, session)
