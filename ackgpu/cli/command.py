"""How a typer command is made of a function: global flags are added, the session is handed in.

The function takes the :class:`~ackgpu.session.Session` first and returns what is shown. The global
flags work before the command and behind it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias, get_type_hints

import typer

from ackgpu.cli.flag_set import FlagSet
from ackgpu.cli.invocation import Invocation
from ackgpu.cli.strict_parser import OnceCommand, OnceGroup
from ackgpu.errors import AckGpuError, Interrupted, NoSuchCluster, UsageError
from ackgpu.session import Session
from ackgpu.settings import Flags, Output
from ackgpu.streams import ColorChoice

if TYPE_CHECKING:
    from ackgpu.render.results import Result

    Came: TypeAlias = Result | int
else:  # the records of results are loaded with the command that needs them
    Came = object
"""What a command came to: a result to be shown.

Those that go on until a signal (``emulator serve``, ``--watch``) have shown all: an exit code.
"""
PANEL = "Global options"
KEYWORD = inspect.Parameter.KEYWORD_ONLY

Region = Annotated[
    str | None, typer.Option("--region", "-r", metavar="REGION", help="Region of the cloud.",
                             rich_help_panel=PANEL, show_default=False)
]  # fmt: skip
Profile = Annotated[
    str | None, typer.Option("--profile", "-p", metavar="PROFILE",
                             help="Profile of ~/.aliyun/config.json.",
                             rich_help_panel=PANEL, show_default=False)
]  # fmt: skip
OutputFlag = Annotated[
    Output | None, typer.Option("--output", "-o", help="Form of the result.",
                                rich_help_panel=PANEL, show_default=False)
]  # fmt: skip
Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="Show each call to the cloud, with its request id.",
                       rich_help_panel=PANEL)
]  # fmt: skip
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="No progress, only warnings and errors.",
                       rich_help_panel=PANEL)
]  # fmt: skip
NoInput = Annotated[bool, typer.Option("--no-input", help="Never ask.", rich_help_panel=PANEL)]
Color = Annotated[
    ColorChoice, typer.Option("--color", help="When to use colors.", rich_help_panel=PANEL)
]
EmulatorFlag = Annotated[
    bool, typer.Option("--emulator", help="Run against the embedded emulator.",
                       rich_help_panel=PANEL)
]  # fmt: skip
RecordFlag = Annotated[
    Path | None, typer.Option("--record", metavar="PATH",
                              help="Write each call and its answer there, without secrets.",
                              rich_help_panel=PANEL, show_default=False)
]  # fmt: skip
Insist = Annotated[
    str | None,
    typer.Option(
        "--insist",
        metavar="DURATION",
        help="How long to try again if the cloud stops answering. Default: 2m.",
        show_default=False,
    ),
]

WATCHING = frozenset({"wait", "verify", "run-sample"})
"""Commands that change nothing of the cloud, and whose failure asks what stands all the same."""

GLOBALS: dict[str, tuple[Any, Any]] = {
    "region": (Region, None),
    "profile": (Profile, None),
    "output": (OutputFlag, None),
    "verbose": (Verbose, False),
    "quiet": (Quiet, False),
    "no_input": (NoInput, False),
    "color": (Color, "auto"),
    "emulator": (EmulatorFlag, False),
    "record": (RecordFlag, None),
}


def command_group(summary: str) -> typer.Typer:
    """A command that holds others; with none of them, it prints its help."""
    group = typer.Typer(help=summary, invoke_without_command=True, cls=OnceGroup)
    group.callback()(_help_alone)
    return group


def _help_alone(ctx: typer.Context) -> None:
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help(), nl=False)


def add_command(
    group: typer.Typer,
    name: str,
    function: Callable[..., Came],
    prefix: str = "",
    *,
    changes_cloud: bool = False,
) -> None:
    """Register ``function`` as command ``name``; its docstring is the help.

    One that changes the cloud takes ``--insist``.
    """
    title = f"{prefix} {name}".strip()
    own, sets = _parameters(function)
    accepted = {parameter.name for parameter in own}
    missing = {key: value for key, value in GLOBALS.items() if key not in accepted}
    if changes_cloud:
        own.append(inspect.Parameter("insist", KEYWORD, default=None, annotation=Insist))

    def command(ctx: typer.Context, **given: Any) -> None:
        invocation: Invocation = ctx.obj
        chosen = {key: given.pop(key) for key in missing}
        insist = given.pop("insist", None)
        session = invocation.start(title, Flags(**chosen))
        if insist:
            session.insist(_seconds(insist))
        session.concern(_checked(given.get("name")))
        for key, (kind, names) in sets.items():
            given[key] = kind.of({name: given.pop(name) for name in names})
        try:
            code = _shown(session, function(session, **given))
        except KeyboardInterrupt:
            raise Interrupted("Stopped.", signal_number=2) from None
        except AckGpuError as error:
            if isinstance(error, NoSuchCluster) and error.region:
                from ackgpu.commands.cluster.elsewhere import point_elsewhere

                point_elsewhere(session, error)
            if changes_cloud or title in WATCHING:
                from ackgpu.commands.cluster.what_stands import say_what_stands

                say_what_stands(session, error)
            raise
        raise typer.Exit(code)

    parameters = [inspect.Parameter("ctx", KEYWORD, annotation=typer.Context), *own]
    parameters += [
        inspect.Parameter(key, KEYWORD, default=default, annotation=annotation)
        for key, (annotation, default) in missing.items()
    ]
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {}
    command.__doc__ = function.__doc__
    group.command(name, cls=OnceCommand)(command)


def _shown(session: Session, came: Came) -> int:
    if isinstance(came, int):
        return came
    from ackgpu.render.output import present

    return present(session.streams, session.settings.output, came)


def _seconds(insist: str) -> float:
    from ackgpu.spec import durations

    try:
        return durations.parse_bounded(insist)
    except ValueError as error:
        raise UsageError(f"--insist {insist}: {error}") from None


def _checked(name: str | None) -> str:
    """The cluster's name. An empty one would select everything by its tag."""
    if name is None:
        return ""
    from ackgpu.naming import problem_with_cluster_name

    problem = problem_with_cluster_name(name)
    if problem:
        raise UsageError(f"NAME {name!a}: {problem}.")
    return name


Sets = dict[str, tuple[type[FlagSet], list[str]]]


def _parameters(function: Callable[..., Came]) -> tuple[list[inspect.Parameter], Sets]:
    """The flags of ``function`` behind its session, its sets opened; which flags each set holds."""
    hints = get_type_hints(function, include_extras=True)
    own: list[inspect.Parameter] = []
    sets: Sets = {}
    for parameter in list(inspect.signature(function).parameters.values())[1:]:
        hint = hints[parameter.name]
        if isinstance(hint, type) and issubclass(hint, FlagSet):
            inner = hint.parameters()
            sets[parameter.name] = (hint, [flag.name for flag in inner])
            own += inner
        else:
            own.append(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY, annotation=hint))
    return own, sets
