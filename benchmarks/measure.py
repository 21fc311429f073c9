"""Counting instructions and timing whole processes, for the benchmarks beside this file."""

from __future__ import annotations

import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ENVIRONMENT = {
    **{k: v for k, v in os.environ.items() if not k.startswith(("ACKGPU", "ALIBABA", "ALICLOUD"))},
    "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true",
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
    "TERM": "dumb",
}
PASS = (sys.executable, "-c", "pass")


@dataclass(frozen=True)
class Measured:
    """A command: instructions (0 without valgrind), median seconds, peak MiB."""

    instructions: int
    seconds: float
    peak_mib: float


def measure(command: Sequence[str], *, runs: int = 7) -> Measured:
    """Count once (instructions repeat exactly) and time ``runs`` times."""
    times = []
    for _ in range(runs + 1):
        began = time.perf_counter()
        subprocess.run(command, env=ENVIRONMENT, capture_output=True, check=False)
        times.append(time.perf_counter() - began)
    return Measured(instructions(command), statistics.median(times[1:]), peak_mib(command))


def instructions(command: Sequence[str], env: Mapping[str, str] = ENVIRONMENT) -> int:
    """Instructions under cachegrind; 0 if valgrind is not installed."""
    if shutil.which("valgrind") is None:
        return 0
    with tempfile.TemporaryDirectory() as directory:
        out = Path(directory) / "cachegrind.out"
        told = subprocess.run(
            ["valgrind", "--tool=cachegrind", f"--cachegrind-out-file={out}", *command],
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
    found = re.search(r"I\s+refs:\s+([\d,]+)", told.stderr)
    return int(found.group(1).replace(",", "")) if found else 0


def peak_mib(command: Sequence[str]) -> float:
    """The most memory that the process had, in MiB."""
    code = (
        "import resource, subprocess, sys;"
        "subprocess.run(sys.argv[1:], stdout=-3, stderr=-3);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    told = subprocess.run(
        [sys.executable, "-c", code, *command], env=ENVIRONMENT, capture_output=True, check=True
    )
    return int(told.stdout) / 1024


def own_peak_mib() -> float:
    """The most memory that this process had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = ["| " + " | ".join(header) + " |", "|---" * len(header) + "|"]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])
