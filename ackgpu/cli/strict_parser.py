"""The classes of typer's that a command line is parsed with, stricter by what those let pass."""

from __future__ import annotations

import difflib
import shlex
from collections import Counter
from typing import Any

from typer.core import TyperCommand, TyperGroup

from ackgpu.cli.help_request import HelpRequestedError
from ackgpu.command_table import load
from ackgpu.errors import UsageError

MEANT = {
    "status": "describe", "show": "describe", "get": "list", "info": "describe", "ls": "list",
    "clusters": "list", "rm": "delete", "remove": "delete", "destroy": "delete", "del": "delete",
    "down": "delete", "up": "create", "add": "create", "new": "create",
    "launch": "create", "node-pool": "nodepool", "node-pools": "nodepool", "nodepools": "nodepool",
    "nodes": "node list", "drain": "node drain", "nodegroup": "nodepool", "pool": "nodepool",
    "pools": "nodepool", "scale": "nodepool scale", "resize": "nodepool scale",
    "events": "describe", "logs": "describe", "test": "verify",
    "debug": "diagnose", "troubleshoot": "diagnose", "why": "diagnose", "check": "preflight",
    "quota": "check-quota", "prices": "offers", "types": "offers", "cleanup": "gc",
    "prune": "gc", "run": "run-sample", "sample": "run-sample", "credentials": "kubeconfig",
    "get-credentials": "kubeconfig write", "update-kubeconfig": "kubeconfig write",
    "stop": "emulator reset", "start": "emulator serve", "diff": "plan",
}  # fmt: skip
"""Words of other tools, and what they are called here."""


class _Strict:
    """What refuses a flag given twice, of which typer takes the last, and one with an empty value.

    Who passes a variable that is not set does not mean the default: ``upgrade --to "$TO"`` would go
    to the next version.
    """

    make_parser: Any

    def get_help(self, ctx: Any) -> str:
        """Leave the page to the one who draws it."""
        raise HelpRequestedError(_path_of(ctx))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the words up to the next command; raises a usage error of typer's."""
        given, _, in_order = self.make_parser(ctx).parse_args(args=list(args))
        counted: Counter[Any] = Counter(in_order)
        for parameter, times in counted.items():
            if parameter.param_type_name != "option" or parameter.is_flag:
                continue  # a switch says the same again
            flag, value = parameter.opts[0], given[parameter.name]
            if times > 1 and not parameter.multiple:
                ctx.fail(f"{flag} is given {times} times, and takes one value.")
            if "" in (value if parameter.multiple else (value,)):
                ctx.obj.command = _path_of(ctx)
                raise UsageError(f"{flag} is empty.", resolution="Leave it out for the default.")
        parsed: list[str] = super().parse_args(ctx, args)  # type: ignore[misc]
        return parsed


class StrictCommand(_Strict, TyperCommand):
    """A command in which no flag is given twice, or empty."""


class StrictGroup(_Strict, TyperGroup):
    """The same for a command that holds others."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that the next word names; raises UsageError with the one that was meant."""
        if self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            ctx.obj.command = _path_of(ctx)
            raise _unknown(_path_of(ctx), args)
        return super().resolve_command(ctx, args)


def _path_of(ctx: Any) -> str:
    path: str = ctx.command_path
    return path.removeprefix("ackgpu").strip()


def _unknown(path: str, args: list[str]) -> UsageError:
    names = load()["commands"][path]["words"]
    word = args[0]
    near = MEANT.get(word.lower(), "")
    if near.partition(" ")[0] not in names:
        near = next(iter(difflib.get_close_matches(word.lower(), names, n=1)), "")
    page = shlex.join(("ackgpu", *path.split(), "--help"))
    meant = shlex.join(("ackgpu", *path.split(), *near.split(), *args[1:]))
    said = f"There is no command {word!r}" + (f" of {path!r}." if path else ".")
    return UsageError(
        said, resolution=f"Did you mean `{meant}`? See `{page}`." if near else f"See `{page}`."
    )
