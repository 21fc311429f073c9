"""What TAB offers, answered from a generated table before typer or any command is loaded.

A shell calls ``ackgpu __complete WORD...`` with the words up to the cursor, the last of which is
the one to complete, and reads lines: first ``words`` or ``files`` (the shell's own file names),
then a candidate a line, with a tab and a description behind it.

The table is that of :mod:`ackgpu.command_table`. Names of clusters
and pools come from the journals in the state directory: no call is made.
"""

from __future__ import annotations

import json
import os
import sys

from ackgpu import flag
from ackgpu.command_table import load
from ackgpu.state_dir import state_dir

TYPE_CHECKING = False
if TYPE_CHECKING:  # typing costs as much as Python's own start
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

FILES = "PATH"
_BY_COMMA = ("CHECK",)
_POOL_STEP = "node pool "
_REQUESTED = ("intent", "StepAsked")
_MAX_READ = 1 << 20
_PLAIN = frozenset("-_.")

Candidates = dict[str, str]


def answer(words: Sequence[str], env: Mapping[str, str]) -> int:
    """Print what fits the last of ``words``, and return the exit code."""
    line = _Line(load(), env)
    typed = _whole(words)
    for word in typed[:-1]:
        line.read(word)
    kind, found = line.offers(typed[-1] if typed else "", separate="=" in words[-2:])
    rows = (f"{value}\t{about}" if about else value for value, about in found.items())
    text = "\n".join((kind, *rows)) + "\n"
    sys.stdout.write(text.encode(sys.stdout.encoding, "replace").decode(sys.stdout.encoding))
    return 0


def _whole(words: Sequence[str]) -> list[str]:
    """The words as they were typed: bash hands a flag, = and its value over in three."""
    whole: list[str] = []
    for word in words:
        if whole and whole[-1].startswith("--") and (word == "=" or whole[-1].endswith("=")):
            whole[-1] += word
        else:
            whole.append(word)
    return whole


class _Line:
    """A command line as far as it is typed."""

    def __init__(self, table: Mapping[str, Any], env: Mapping[str, str]) -> None:
        self._table = table
        self._env = env
        self._path = ""
        self._arguments: list[str] = []
        self._given: dict[str, str] = {}
        self._open: dict[str, Any] | None = None
        self._flags_end = False

    def read(self, word: str) -> None:
        """Take in one word that is complete."""
        below = f"{self._path} {word}".strip()
        if self._open is not None:
            self._given[self._open["names"][0]] = word
            self._open = None
        elif word == "--":
            self._flags_end = True
        elif word.startswith("-") and not self._flags_end:
            name, has_value, value = word.partition("=")
            flag = self._flag(name)
            if flag is not None and flag["takes"] and not has_value:
                self._open = flag
            if flag is not None:
                self._given[flag["names"][0]] = value
        elif not self._arguments and below in self._table["commands"]:
            self._path = below
        else:
            self._arguments.append(word)

    def offers(self, current: str, *, separate: bool) -> tuple[str, Candidates]:
        """``words`` or ``files``, and what fits ``current``.

        ``separate``: the shell completes what stands behind a ``=`` by itself.
        """
        name, has_value, value = current.partition("=")
        behind = self._flag(name) if has_value and name.startswith("--") else None
        head = "" if separate or behind is None else f"{name}="
        typed = value if behind is not None else current
        if behind is not None or self._open is not None:
            takes = (behind or self._open or {})["takes"]
        elif current.startswith("-") and not self._flags_end:
            return "words", _fitting(self._unused(), current)
        else:
            takes = self._next_argument()
        if takes == FILES:
            return "files", {}
        if takes in _BY_COMMA:
            before, comma, typed = typed.rpartition(",")
            head += before + comma
        found = _fitting(self._values(takes), typed)
        return "words", {f"{head}{value}": about for value, about in found.items()}

    def _flags(self) -> list[dict[str, Any]]:
        own: list[dict[str, Any]] = self._table["commands"][self._path]["flags"]
        names = {name for flag in own for name in flag["names"]}
        shared = self._table["flags"]
        return [*own, *(flag for flag in shared if not names & set(flag["names"]))]

    def _flag(self, name: str) -> dict[str, Any] | None:
        return next((flag for flag in self._flags() if name in flag["names"]), None)

    def _unused(self) -> Candidates:
        """The flags that may still be given, without their short forms."""
        return {
            name: flag["about"]
            for flag in self._flags()
            if flag["many"] or flag["names"][0] not in self._given
            for name in flag["names"]
            if name.startswith("--")
        }

    def _next_argument(self) -> Any:
        command = self._table["commands"][self._path]
        if command["words"]:
            return command["words"]
        arguments = command["arguments"]
        position = len(self._arguments)
        return arguments[position]["takes"] if position < len(arguments) else ""

    def _values(self, takes: Any) -> Candidates:
        if isinstance(takes, dict):
            return takes
        if isinstance(takes, list):
            return dict.fromkeys(takes, "")
        if takes == "NAME":
            return {name: region for region, name, _ in self._journals()}
        if takes == "POOL":
            name = self._arguments[0] if self._arguments else ""
            paths = [path for _, cluster, path in self._journals() if cluster == name]
            return {pool: "" for path in paths for pool in _pools(path)}
        values: Candidates = self._table["values"].get(takes, {})
        return values

    def _journals(self) -> Iterator[tuple[str, str, str]]:
        """Region, name and journal of each cluster that this machine has a journal of."""
        try:
            root = os.path.join(state_dir(self._env), "clusters")
        except (ValueError, OSError):
            return
        region = self._given.get(flag.REGION, "")
        for account in _entries(root):
            for place in _entries(os.path.join(root, account)):
                for name in _entries(os.path.join(root, account, place)):
                    path = os.path.join(root, account, place, name, "journal.jsonl")
                    if os.path.isfile(path) and (not region or region == place):
                        yield place, name, path


def _entries(directory: str) -> list[str]:
    """What lies in a directory, but for names that no cluster, region or account has."""
    try:
        names = os.listdir(directory)
    except OSError:
        return []
    return sorted(name for name in names if _is_plain(name))


def _is_plain(name: str) -> bool:
    return bool(name) and all(c in _PLAIN or (c.isascii() and c.isalnum()) for c in name)


def _pools(journal: str) -> list[str]:
    """The node pools that were requested and not deleted since, as far as this machine knows.

    The journal holds those that were made with the cluster; a later change keeps its own only until
    it is done, and leaves its trace in the log of events.
    """
    pools: Candidates = {}
    for path in (journal, os.path.join(os.path.dirname(journal), "events.jsonl")):
        for record in _pool_records(path):
            pool = record["step"].removeprefix(_POOL_STEP)
            if "deleted" in (record["type"], record.get("outcome")):
                pools.pop(pool, None)
            elif record["type"] in _REQUESTED:
                pools[pool] = ""
    return [pool for pool in pools if _is_plain(pool)]


def _pool_records(path: str) -> Iterator[dict[str, Any]]:
    """The last lines of a file that speak of a node pool's step."""
    try:
        with open(path, "rb") as file:
            file.seek(max(0, os.path.getsize(path) - _MAX_READ))
            lines = file.readlines()
    except OSError:
        return
    for line in lines:
        if _POOL_STEP.encode() not in line:
            continue
        try:
            record = json.loads(line)
        except ValueError:
            continue  # torn by a crash, or cut by the seek
        if isinstance(record, dict) and str(record.get("step")).startswith(_POOL_STEP):
            yield {"type": "", **record}


def _fitting(found: Mapping[str, str], typed: str) -> Candidates:
    return {value: about for value, about in found.items() if value.startswith(typed)}
