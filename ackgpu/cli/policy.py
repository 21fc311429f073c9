"""``ackgpu policy``."""

from __future__ import annotations

import typer

from ackgpu.app import App
from ackgpu.cli import spec_flags as on
from ackgpu.cli.command import add_command


def register(root: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="The RAM policy that a cluster needs.", no_args_is_help=True)
    add_command(group, "generate", generate, prefix="policy")
    add_command(group, "check", check, prefix="policy")
    root.add_typer(group, name="policy")


def generate(app: App, spec: on.PolicyFlags) -> int:
    """Write the least RAM policy that creates, verifies and deletes a cluster.

    Example: ackgpu policy generate -f cluster.yaml > policy.json
    """
    from ackgpu.commands import policy as command

    return command.generate(command.PolicyOptions(wants=spec.wants()), app)


def check(app: App, spec: on.PolicyFlags) -> int:
    """Try every read that a creation makes; exit 3 where RAM refuses one.

    Example: ackgpu policy check -f cluster.yaml
    """
    from ackgpu.commands import policy as command

    return command.check(command.PolicyOptions(wants=spec.wants()), app)
