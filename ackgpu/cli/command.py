"""How a typer command is made of a function: the global flags are added, the app is handed in.

The function takes the :class:`~ackgpu.app.App` first and returns the exit code. The global flags
work before the command and behind it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Annotated, Any, get_type_hints

import typer

from ackgpu.cli.flag_set import FlagSet
from ackgpu.cli.invocation import Invocation
from ackgpu.errors import Interrupted, UsageError
from ackgpu.settings import Flags

PANEL = "Global options"

Region = Annotated[
    str | None, typer.Option("--region", "-r", help="Region, such as cn-hangzhou.",
                             rich_help_panel=PANEL, show_default=False)
]  # fmt: skip
Profile = Annotated[
    str | None, typer.Option("--profile", "-p", help="Profile of ~/.aliyun/config.json.",
                             rich_help_panel=PANEL, show_default=False)
]  # fmt: skip
OutputFlag = Annotated[
    str | None, typer.Option("--output", "-o", help="table, json, yaml, name or jsonl.",
                             rich_help_panel=PANEL, show_default=False)
]  # fmt: skip
Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="Show each call to the cloud, with its request id.",
                       rich_help_panel=PANEL)
]  # fmt: skip
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="No progress; warnings and errors alone.",
                       rich_help_panel=PANEL)
]  # fmt: skip
NoInput = Annotated[bool, typer.Option("--no-input", help="Never ask.", rich_help_panel=PANEL)]
Color = Annotated[
    str, typer.Option("--color", help="auto, always or never.", rich_help_panel=PANEL)
]
EmulatorFlag = Annotated[
    bool, typer.Option("--emulator", help="Run against the embedded emulator.",
                       rich_help_panel=PANEL)
]  # fmt: skip

GLOBALS: dict[str, tuple[Any, Any]] = {
    "region": (Region, None),
    "profile": (Profile, None),
    "output": (OutputFlag, None),
    "verbose": (Verbose, False),
    "quiet": (Quiet, False),
    "no_input": (NoInput, False),
    "color": (Color, "auto"),
    "emulator": (EmulatorFlag, False),
}


def add_command(
    group: typer.Typer, name: str, function: Callable[..., int], prefix: str = ""
) -> None:
    """Register ``function`` as command ``name``; its docstring is the help."""
    title = f"{prefix} {name}".strip()
    own, sets = _parameters(function)
    accepted = {parameter.name for parameter in own}
    missing = {key: value for key, value in GLOBALS.items() if key not in accepted}

    def command(ctx: typer.Context, **given: Any) -> None:
        invocation: Invocation = ctx.obj
        chosen = {key: given.pop(key) for key in missing}
        app = invocation.start(title, Flags(**chosen))
        app.concern(_checked(given.get("name")))
        for key, (kind, names) in sets.items():
            given[key] = kind.of({name: given.pop(name) for name in names})
        try:
            code = function(app, **given)
        except KeyboardInterrupt:
            raise Interrupted("Stopped.", signal_number=2) from None
        raise typer.Exit(code)

    keyword = inspect.Parameter.KEYWORD_ONLY
    parameters = [inspect.Parameter("ctx", keyword, annotation=typer.Context), *own]
    parameters += [
        inspect.Parameter(key, keyword, default=default, annotation=annotation)
        for key, (annotation, default) in missing.items()
    ]
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {}
    command.__doc__ = function.__doc__
    group.command(name)(command)


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


def _parameters(function: Callable[..., int]) -> tuple[list[inspect.Parameter], Sets]:
    """The flags of ``function`` behind its app, its sets opened; and which flags each set holds."""
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
