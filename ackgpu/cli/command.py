"""How a typer command is made of a function: global flags are added, the session is handed in.

The function takes the :class:`~ackgpu.session.Session` first and returns what is shown. The global
flags work before the command and behind it.
"""

import inspect
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias, get_type_hints

import typer

from ackgpu import flag
from ackgpu.cli.flag_set import FlagSet
from ackgpu.cli.invocation import Invocation
from ackgpu.cli.strict_parser import StrictCommand, StrictGroup
from ackgpu.errors import AckGpuError, Interrupted, NoSuchCluster, UsageError
from ackgpu.output_forms import Output
from ackgpu.session import Session
from ackgpu.settings import Flags
from ackgpu.streams import ColorChoice

if TYPE_CHECKING:
    from ackgpu.render.results import Result

    Came: TypeAlias = Result | int
else:  # the records of results are loaded with the command that needs them
    Came = object
"""What a command came to: a result to be shown.

Those that go on until a signal (``emulator serve``, a watch) have shown all: an exit code.
"""
PANEL = "Global options"
KEYWORD = inspect.Parameter.KEYWORD_ONLY

Region = Annotated[
    str | None, typer.Option(flag.REGION, "-r", metavar="REGION", help="Region of the cloud.",
                             rich_help_panel=PANEL)
]  # fmt: skip


class GlobalFlags(FlagSet):
    """What every command takes, before its name and behind it."""

    region: Region = None
    profile: Annotated[
        str | None, typer.Option(flag.PROFILE, "-p", metavar="PROFILE",
                                 help="Profile of ~/.aliyun/config.json.", rich_help_panel=PANEL)
    ] = None  # fmt: skip
    output: Annotated[
        Output | None,
        typer.Option(flag.OUTPUT, "-o", help="Form of the result.", rich_help_panel=PANEL),
    ] = None
    verbose: Annotated[
        bool, typer.Option(flag.VERBOSE, "-v", rich_help_panel=PANEL,
                           help="Show each call to the cloud, with its request id.")
    ] = False  # fmt: skip
    quiet: Annotated[
        bool, typer.Option(flag.QUIET, "-q", rich_help_panel=PANEL,
                           help="No progress, only warnings and errors.")
    ] = False  # fmt: skip
    no_input: Annotated[
        bool, typer.Option(flag.NO_INPUT, help="Never ask.", rich_help_panel=PANEL)
    ] = False
    color: Annotated[
        ColorChoice, typer.Option(flag.COLOR, help="When to use colors.", rich_help_panel=PANEL)
    ] = "auto"
    emulator: Annotated[
        bool, typer.Option(flag.EMULATOR, rich_help_panel=PANEL,
                           help="Run against the embedded emulator.")
    ] = False  # fmt: skip
    record: Annotated[
        Path | None, typer.Option(flag.RECORD, metavar="PATH", rich_help_panel=PANEL,
                                  help="Write each call and its answer there, without secrets.")
    ] = None  # fmt: skip


GLOBALS = {flag.name: flag for flag in GlobalFlags.parameters()}
Insist = Annotated[
    str | None,
    typer.Option(
        flag.INSIST,
        metavar="DURATION",
        help="How long to try again if the cloud stops answering. Default: 2m.",
    ),
]

WATCHING = frozenset({"wait", "verify", "run-sample"})
"""Commands that change nothing of the cloud, and whose failure asks what stands all the same."""

CHANGING = frozenset({
    "create", "apply", "upgrade", "sleep", "wake", "extend", "delete", "gc", "nodepool add",
    "nodepool update", "nodepool scale", "nodepool delete", "nodepool attach",
    "nodepool convert-billing", "node drain", "node replace", "node repair",
})  # fmt: skip
"""Commands that change the cloud, and so can be told how long to insist."""


def add_commands(root: typer.Typer, name: str, module: ModuleType) -> None:
    """Register the command ``name``: the only function of its module.

    A module with a ``GROUP``, which is its help, holds several, each named as its function; with
    none of them on the line, it prints its help.
    """
    group, summary = root, getattr(module, "GROUP", "")
    if summary:
        group = typer.Typer(help=summary, invoke_without_command=True, cls=StrictGroup)
        group.callback()(_help_alone)
        root.add_typer(group, name=name)
    for found in [*vars(module).values()]:
        if inspect.isfunction(found) and found.__module__ == module.__name__:
            own = found.__name__.rstrip("_").replace("_", "-")
            add_command(group, f"{name} {own}" if summary else name, found)


def _help_alone(ctx: typer.Context) -> None:
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help(), nl=False)


def add_command(group: typer.Typer, title: str, function: Callable[..., Came]) -> None:
    """Register ``function`` as the command ``title`` of ``group``; its docstring is the help."""
    own, sets = _parameters(function)
    accepted = {parameter.name for parameter in own}
    missing = [flag for name, flag in GLOBALS.items() if name not in accepted]
    changes_cloud = title in CHANGING
    if changes_cloud:
        own.append(inspect.Parameter("insist", KEYWORD, default=None, annotation=Insist))

    def command(ctx: typer.Context, **given: Any) -> None:
        invocation: Invocation = ctx.obj
        chosen = {flag.name: given.pop(flag.name) for flag in missing}
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

    with_flags(command, [*own, *missing])
    command.__doc__ = function.__doc__
    group.command(title.rpartition(" ")[2], cls=StrictCommand)(command)


def with_flags(command: Callable[..., None], flags: list[inspect.Parameter]) -> None:
    """Let ``command``, which takes typer's context and keywords, be one with these flags."""
    context = inspect.Parameter("ctx", KEYWORD, annotation=typer.Context)
    command.__signature__ = inspect.Signature([context, *flags])  # type: ignore[attr-defined]
    command.__annotations__ = {}


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
        raise UsageError(f"{flag.INSIST} {insist}: {error}") from None


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
