"""How long things took on this machine: the memory that waits learn from.

A file beside the clusters' journals, one for an account and a region. It is a memory aid: what
cannot be read or written costs a run a few calls more, and nothing else.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from ackgpu.engine.cadence import Wait
from ackgpu.engine.step import Step

FILE = "waits.json"
_KEPT = 20
_WORTH_LEARNING = 20.0
"""Cloud seconds: what usually takes less is looked at each second anyway."""
_MAX_FILE = 1_000_000


class Waits:
    """What earlier runs measured, by what was done to which kind of step."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._measured = dict(_read(path)) if path else {}

    def of(self, step: Step[Any], *, removal: bool = False) -> Wait:
        """What is known of how long the step takes to be ready, or to be gone."""
        measured = self._measured.get(_key(step, removal=removal), ())
        return Wait.of(step.typical, measured, unmetered=step.unmetered)

    def learn(self, took: Iterable[tuple[Step[Any], float]], *, removal: bool = False) -> None:
        """Remember how many seconds each of the steps took."""
        lately = [(step, seconds) for step, seconds in took if step.typical >= _WORTH_LEARNING]
        if self._path is None or not lately:
            return
        # Not under a lock: of two runs that end at once one loses a duration, which is no harm.
        measured = dict(_read(self._path))  # another run may have learned meanwhile
        for step, seconds in lately:
            key = _key(step, removal=removal)
            measured[key] = [*measured.get(key, ()), round(seconds, 1)][-_KEPT:]
        self._measured = measured
        with suppress(OSError):
            _write(self._path, measured)


def _key(step: Step[Any], *, removal: bool) -> str:
    return f"{'remove' if removal else 'make'} {step.kind}"


def _read(path: Path) -> Mapping[str, Sequence[float]]:
    try:
        # Anything may lie there; a cache is not worth reading without an end.
        if path.stat().st_size > _MAX_FILE:
            return {}
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {str(key): _numbers(value) for key, value in found.items() if isinstance(value, list)}


def _numbers(values: Sequence[Any]) -> list[float]:
    return [float(v) for v in values if isinstance(v, int | float) and 0 < v < float("inf")][
        -_KEPT:
    ]


def _write(path: Path, measured: Mapping[str, Sequence[float]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    with open(fresh, "w", encoding="utf-8", opener=_private) as file:
        json.dump(measured, file)
    # Replaced as a whole: a reader never sees half a file, and a crash leaves the old one.
    fresh.replace(path)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
