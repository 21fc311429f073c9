"""The command tree. Only the modules of the commands that a line names are imported."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Annotated

import typer

from ackgpu.cli.command import (
    Color,
    EmulatorFlag,
    NoInput,
    OutputFlag,
    Profile,
    Quiet,
    Region,
    Verbose,
)
from ackgpu.cli.invocation import Invocation
from ackgpu.settings import Flags

COMMANDS = (
    "create",
    "plan",
    "check-quota",
    "preflight",
    "offers",
    "list",
    "describe",
    "wait",
    "verify",
    "kubeconfig",
    "delete",
    "config",
    "policy",
    "emulator",
    "version",
)
"""In the order of --help. Each is a module of ackgpu.cli with ``register(root)``."""


def run(arguments: Sequence[str], invocation: Invocation) -> int:
    """Parse the line, carry the command out, and return its exit code.

    Raises what the command raises; usage errors are reported by typer with exit code 2.
    """
    root = build([word for word in arguments if word in COMMANDS] or COMMANDS)
    try:
        root(args=list(arguments), obj=invocation, prog_name="ackgpu")
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else 1
    return 0


def build(names: Sequence[str] = COMMANDS) -> typer.Typer:
    """The typer application with the named commands."""
    root = typer.Typer(
        name="ackgpu",
        help="Make, prove and remove ACK clusters for lightweight GPU workloads.",
        epilog="Without an account: ackgpu create demo --emulator",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    root.callback()(_root)
    for name in COMMANDS:
        if name in names:
            module = name.replace("-", "_")
            importlib.import_module(f"ackgpu.cli.{module}").register(root)
    return root


def _print_version(value: bool) -> None:  # noqa: FBT001 -- typer calls it
    if value:
        from ackgpu import __version__

        typer.echo(f"ackgpu {__version__}")
        raise typer.Exit


VersionFlag = Annotated[
    bool,
    typer.Option(
        "--version", callback=_print_version, is_eager=True, help="The version, and exit."
    ),
]


def _root(  # noqa: PLR0913 -- the global flags
    ctx: typer.Context,
    *,
    region: Region = None,
    profile: Profile = None,
    output: OutputFlag = None,
    verbose: Verbose = False,
    quiet: Quiet = False,
    no_input: NoInput = False,
    color: Color = "auto",
    emulator: EmulatorFlag = False,
    version: VersionFlag = False,
) -> None:
    del version
    invocation: Invocation = ctx.obj
    invocation.flags = Flags(
        region=region,
        profile=profile,
        output=output,
        verbose=verbose,
        quiet=quiet,
        no_input=no_input,
        color=color,
        emulator=emulator,
    )
