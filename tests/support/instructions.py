"""How many instructions a command line costs, counted and not timed: the same on a busy machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from benchmarks.measure import instructions

PASS = (sys.executable, "-c", "pass")


def times_pass(
    place: Path,
    *arguments: str,
    env: Mapping[str, str] | None = None,
    program: Sequence[str] = ("-m", "ackgpu"),
) -> float:
    """The instructions of ``ackgpu ARGUMENTS`` as a multiple of those of ``python -c pass``.

    Both run with compiled files, which are kept below ``place``. ``program`` stands for ackgpu.
    """
    if shutil.which("valgrind") is None:
        pytest.skip("valgrind is not installed, which counts the instructions")
    around = {
        "PATH": os.environ["PATH"],
        "HOME": str(place),
        "TERM": "dumb",
        "PYTHONHASHSEED": "0",
        "PYTHONPYCACHEPREFIX": str(place / "compiled"),
        **(env or {}),
    }
    command = (sys.executable, *program, *arguments)
    for compiled in (PASS, command):
        subprocess.run(compiled, env=around, capture_output=True, check=True)
    return instructions(command, around) / instructions(PASS, around)
