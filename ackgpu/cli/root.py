"""The command tree. Only the modules of the commands that a line names are imported."""

from __future__ import annotations

import importlib
from collections.abc import Collection, Sequence
from inspect import Parameter
from typing import Annotated, Any

import typer

from ackgpu import flag
from ackgpu.cli.command import GLOBALS, add_commands, with_flags
from ackgpu.cli.help_request import FLAGS, WORD
from ackgpu.cli.invocation import Invocation
from ackgpu.cli.strict_parser import StrictGroup
from ackgpu.errors import UsageError
from ackgpu.settings import Flags

GROUPS = {
    "Create": ("create", "plan", "check-quota", "preflight", "offers"),
    "Look": ("list", "describe", "wait", "verify", "diagnose", "run-sample"),
    "Change": ("apply", "nodepool", "node", "upgrade", "sleep", "wake", "extend"),
    "Delete": ("delete", "gc"),
    "Connect": ("kubeconfig", "manifest"),
    "Take along": ("config", "export", "policy"),
    "Find out": ("explain", "doctor", "completion", "schema", "version"),
    "No account": ("emulator",),
}
"""The commands as the page that lists them shows them."""
COMMANDS = {
    "create": "Make a cluster and prove its GPUs; run again, it goes on.",
    "apply": "Change a cluster that stands to what its file says.",
    "plan": "Show what create would do, and what it would cost.",
    "check-quota": "Show the headroom of every limit that a rollout touches.",
    "preflight": "Check everything that must be true before anything is made.",
    "offers": "Show vGPU types by zone: slice, stock, price.",
    "list": "List ackgpu's clusters, and what unfinished ones left.",
    "describe": "Show one cluster, its node pools and its network.",
    "wait": "Wait until a cluster is as far as asked, or gone.",
    "verify": "Check every GPU node, check by check.",
    "diagnose": "Say what is wrong with a cluster or a node, and what mends it.",
    "run-sample": "Run a CUDA program on one GPU of a cluster.",
    "manifest": "Print the CUDA sample's Deployment for kubectl.",
    "nodepool": "List, add, update, scale and delete node pools; attach instances.",
    "node": "List, drain, replace and repair single nodes.",
    "upgrade": "Upgrade a cluster's Kubernetes, after ACK's own check.",
    "sleep": "Release a cluster's nodes, and keep what wake needs.",
    "wake": "Give a sleeping cluster its nodes back, and prove its GPUs.",
    "kubeconfig": "Write, show or remove a cluster's context; give its credential.",
    "delete": "Remove a cluster and all that was made for it.",
    "gc": "Find expired and forgotten clusters, and remove them.",
    "extend": "Let a throw-away cluster live longer, or hold it.",
    "config": "Start, check and explain a cluster.yaml.",
    "policy": "Derive the least RAM policy for a spec.",
    "emulator": "The embedded cloud, as a server.",
    "export": "Write a cluster down for ackgpu, Terraform or ROS.",
    "explain": "Say what an error code or exit code means, and what to do.",
    "doctor": "Check this machine, the credentials and the way to the cloud.",
    "completion": "Print a script that completes command lines in a shell.",
    "schema": "Print every command as data, for programs.",
    "version": "Print the versions of ackgpu and of what it stands on.",
}
"""In the order of --help, with a line each. Each is a module ``ackgpu.cli.<name>``, as
``add_commands`` wants it; it is imported only where a command line names it."""


def run(arguments: Sequence[str], invocation: Invocation) -> int:
    """Parse the line, carry the command out, and return its exit code.

    Raises what the command raises, and UsageError for a line that cannot be parsed.
    """
    line = list(arguments)
    if line[:1] == [WORD]:  # of a command that does not exist, or there would be its page by now
        line = [*line[1:], FLAGS[0]]
    command: Any = typer.main.get_command(build({word for word in line if word in COMMANDS}))
    try:
        code = command.main(
            line,
            prog_name="ackgpu",
            complete_var="",  # typer's own completion stays off
            standalone_mode=False,
            obj=invocation,
        )
    except Exception as wrong:
        if hasattr(wrong, "format_message"):
            raise _unparsed(wrong, invocation) from None
        raise
    return code if isinstance(code, int) else 0


def _unparsed(wrong: Any, invocation: Invocation) -> UsageError:
    """What typer could not parse, as an error of ours."""
    path = wrong.ctx.command_path if wrong.ctx else "ackgpu"
    invocation.command = path.removeprefix("ackgpu").strip()
    near = getattr(wrong, "possibilities", None)
    said = wrong.message if near else wrong.format_message()
    meant = f"Did you mean {near[0]}? " if near else ""
    return UsageError(said, resolution=f"{meant}See `{path} --help`.")


def build(names: Collection[str]) -> typer.Typer:
    """The typer application with the named commands; where none is named, with a line of each."""
    root = typer.Typer(
        name="ackgpu",
        cls=StrictGroup,
        help="Make, prove and remove ACK clusters for lightweight GPU workloads.",
        epilog=f"Without an account: ackgpu create demo {flag.EMULATOR}",
        add_completion=False,
        context_settings={"help_option_names": list(FLAGS)},
    )
    root.callback()(_root)
    for name, summary in COMMANDS.items():
        if name in names:
            module = importlib.import_module(f"ackgpu.cli.{name.replace('-', '_')}")
            add_commands(root, name, module)
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


def _root(ctx: typer.Context, *, version: bool, **given: Any) -> None:
    del version
    ctx.obj.flags = Flags(**given)


with_flags(
    _root,
    [
        *GLOBALS.values(),
        Parameter("version", Parameter.KEYWORD_ONLY, default=False, annotation=VersionFlag),
    ],
)
