"""The command tree. Only the modules of the commands that a line names are imported."""

from __future__ import annotations

import importlib
from collections.abc import Collection, Sequence
from typing import Annotated, Any

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
from ackgpu.errors import UnparsedLineError
from ackgpu.settings import Flags

COMMANDS = {
    "create": "Make a cluster and prove that its GPUs are usable; again, it goes on.",
    "plan": "Show what create would do, and what it would cost.",
    "check-quota": "Show the headroom of every limit that a rollout touches.",
    "preflight": "Check everything that must be true before anything is made.",
    "offers": "Show vGPU types by zone: slice, stock, price.",
    "list": "List ackgpu's clusters, and what unfinished ones left.",
    "describe": "Show one cluster, its node pools and its network.",
    "wait": "Wait until a cluster is as far as asked, or gone.",
    "verify": "Check every GPU node, rung by rung.",
    "run-sample": "Run a CUDA program on one GPU of a cluster.",
    "manifest": "Print the CUDA sample's Deployment for kubectl.",
    "nodepool": "List, add, scale, delete and convert node pools; attach instances.",
    "upgrade": "Upgrade a cluster's Kubernetes, after ACK's own check.",
    "kubeconfig": "Write, show or remove a cluster's context.",
    "delete": "Remove a cluster and all that was made for it.",
    "gc": "Find expired and forgotten clusters, and remove them.",
    "extend": "Let a throw-away cluster live longer, or hold it.",
    "config": "Start, check and explain a cluster.yaml.",
    "policy": "Derive the least RAM policy for a spec.",
    "emulator": "The embedded cloud, as a server.",
    "export": "Write a cluster down for ackgpu, Terraform or ROS.",
    "explain": "Say what an error code or exit code means, and what to do.",
    "doctor": "Check this machine, the credentials and the way to the cloud.",
    "version": "Print the versions of ackgpu and of what it stands on.",
}
"""In the order of --help, with a line each. Each is a module ``ackgpu.cli.<name>`` with
``register(root)``; it is imported only where a command line names it."""


def run(arguments: Sequence[str], invocation: Invocation) -> int:
    """Parse the line, carry the command out, and return its exit code.

    Raises what the command raises, and UnparsedLineError where typer has refused the line.
    """
    root = build({word for word in arguments if word in COMMANDS})
    try:
        root(args=list(arguments), obj=invocation, prog_name="ackgpu")
    except SystemExit as leaving:
        wrong: Any = leaving.__context__  # what typer could not parse, having shown it
        if hasattr(wrong, "format_message"):
            path = wrong.ctx.command_path if wrong.ctx else "ackgpu"
            invocation.command = path.removeprefix("ackgpu").strip()
            raise UnparsedLineError(
                wrong.format_message(), resolution=f"See `{path} --help`."
            ) from None
        return leaving.code if isinstance(leaving.code, int) else 1
    return 0


def build(names: Collection[str]) -> typer.Typer:
    """The typer application with the named commands; where none is named, with a line of each."""
    root = typer.Typer(
        name="ackgpu",
        help="Make, prove and remove ACK clusters for lightweight GPU workloads.",
        epilog="Without an account: ackgpu create demo --emulator",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    root.callback()(_root)
    for name, summary in COMMANDS.items():
        if name in names:
            module = name.replace("-", "_")
            importlib.import_module(f"ackgpu.cli.{module}").register(root)
        elif not names:
            root.command(name, help=summary, add_help_option=False)(_unnamed)
    return root


def _unnamed() -> None:
    """Stand for a command on the page that lists them; no command line reaches it."""


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
