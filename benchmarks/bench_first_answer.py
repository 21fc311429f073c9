"""A server's first answer: what it takes of a machine until then, and an emulator in a process.

    python -m benchmarks.bench_first_answer [RUNS]          # from the root of a checkout

Bars on a machine that does nothing else: the first signed answer at most 0.40 s after the process
was started, in at most 56 MiB; an emulator begun, asked once and ended within a process that has
done so before at most 10 ms. Instructions repeat exactly (valgrind), seconds do not: the least of
them is shown, and ratios to `python -c pass` of the same run.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from ackgpu.emulator import Emulator
from benchmarks.bench_emulator import Wire, memory
from benchmarks.measure import ENVIRONMENT, PASS, instructions, table

COUNTING = ("valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null")
RUNS = 7
ENV = {k: v for k, v in ENVIRONMENT.items() if k != "PYTHONDONTWRITEBYTECODE"}


@dataclass(frozen=True)
class First:
    """A server's first signed answer: seconds from its start, its CPU seconds and MiB then.

    ``said`` is what it wrote to stderr until it was ended.
    """

    seconds: float
    cpu: float
    mib: int
    said: str


def first_answer(*around: str) -> First:
    """Have a new account served until it has answered once."""
    with tempfile.TemporaryDirectory(prefix="ackgpu-first-") as state:
        command = (sys.executable, "-m", "ackgpu", "emulator", "serve", "--state", state)
        began = time.perf_counter()
        server = subprocess.Popen(
            (*around, *command),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENV,
        )  # fmt: skip
        assert server.stdout is not None
        wire = Wire(json.loads(server.stdout.readline())["endpoint"])
        wire.rpc("ecs", "DescribeRegions")
        seconds = time.perf_counter() - began
        cpu, (mib, _) = cpu_seconds(server.pid), memory(server.pid)
        wire.close()
        server.terminate()
        _, said = server.communicate()
    return First(seconds, cpu, mib, said)


def cpu_seconds(pid: int) -> float:
    """What a process has used of the processors (proc(5), stat)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def counted() -> int:
    """Instructions of a server that gives one answer and is ended; 0 without valgrind."""
    if shutil.which("valgrind") is None:
        return 0
    found = re.search(r"I\s+refs:\s+([\d,]+)", first_answer(*COUNTING).said)
    return int(found.group(1).replace(",", "")) if found else 0


def in_process() -> float:
    """Seconds in which an emulator is begun, answers once and is ended."""
    began = time.perf_counter()
    with Emulator(seed=1) as emulator:
        wire = Wire(emulator.endpoint)
        wire.rpc("ecs", "DescribeRegions")
        wire.close()
    return time.perf_counter() - began


def plain() -> float:
    """Seconds of a Python that does nothing."""
    began = time.perf_counter()
    subprocess.run(PASS, env=ENV, check=True)
    return time.perf_counter() - began


def main(runs: int) -> None:
    """Measure and print."""
    first_answer()  # compiles what is not compiled yet
    in_process()
    answers = [(first_answer(), plain()) for _ in range(runs)]
    least = min(answer.seconds for answer, _ in answers)
    cpu = min(answer.cpu for answer, _ in answers)
    nothing = instructions(PASS, ENV)
    rows = [
        ("a server's first answer", f"{least * 1000:.0f} ms"),
        ("÷ `python -c pass`", f"{least / min(seconds for _, seconds in answers):.0f}"),
        ("its CPU", f"{cpu * 1000:.0f} ms"),
        ("its instructions ÷ pass", f"{counted() / nothing:.1f}" if nothing else "–"),
        ("its memory", f"{max(answer.mib for answer, _ in answers)} MiB"),
        ("in process, warm", f"{min(in_process() for _ in range(5 * runs)) * 1000:.0f} ms"),
    ]
    print(table(("", f"least of {runs}"), rows))


if __name__ == "__main__":
    os.chdir(Path(__file__).parents[1])
    main(int(sys.argv[1]) if len(sys.argv) > 1 else RUNS)
