"""What ``create`` and ``delete`` cost: calls, CPU, and how late they see what is over.

    python benchmarks/bench_create.py          the calls, on a clock that is moved by hand: seconds
    python benchmarks/bench_create.py SPEED    wall and CPU of a process of its own; 1 is real time

Bars, with durations spread as published: create at most 150 calls and one list a region, delete at
most 90; at most 2.0 s of CPU; waits overshoot by at most 2 % of the critical path on average, and
by 1 % once five lives were measured. The critical path is what the emulated cloud itself needs.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from measure import ENVIRONMENT, table

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from support.costs import Account, account

from ackgpu.emulator import Emulator
from ackgpu.emulator.shared.catalog import regions
from ackgpu.engine.cadence import LEARNED_FROM

SEEDS = range(1, 9)
SPREAD = 1.0


def main() -> None:
    """Print one table or the other."""
    if len(sys.argv) > 1:
        in_real_time(float(sys.argv[1]))
    else:
        by_hand()


def by_hand() -> None:
    """Lives under several seeds, each on a new machine and then on one that has learned."""
    fresh, learned = (
        list(zip(*lives(learn=False), strict=True)),
        list(zip(*lives(learn=True), strict=True)),
    )
    rows = [
        (
            name,
            *(f"{statistics.mean(values):{form}}, at most {max(values):{form}}" for values in pair),
        )
        for name, form, *pair in (
            ("create: calls beside one list a region", ".0f", fresh[0], learned[0]),
            ("create: overshoot of the critical path", ".2%", fresh[1], learned[1]),
            ("delete: calls", ".0f", fresh[2], learned[2]),
        )
    ]
    print(table((f"{len(SEEDS)} seeds", "first life", f"after {LEARNED_FROM}"), rows))


def lives(*, learn: bool) -> Iterator[tuple[float, float, float]]:
    """A create's calls and overshoot and a delete's calls, seed by seed."""
    for seed in SEEDS:
        with tempfile.TemporaryDirectory() as home:
            for earlier in range(LEARNED_FROM if learn else 0):
                with account(Path(home), spread=SPREAD, seed=100 * seed + earlier) as cloud:
                    life(cloud)
            with account(Path(home), spread=SPREAD, seed=seed) as cloud:
                yield life(cloud)


def life(cloud: Account) -> tuple[float, float, float]:
    """A cluster is made and removed."""
    made = cloud.run("create", "demo")
    needed = cloud.critical_path()
    gone = cloud.run("delete", "demo", "-y")
    assert (made.code, gone.code) == (0, 0), made.err + gone.err
    calls = made.calls_beside(len(regions()))
    return calls, made.seconds / needed - 1, gone.calls.total()


def in_real_time(speed: float) -> None:
    """One life in processes of their own."""
    with tempfile.TemporaryDirectory() as home:
        emulator = Emulator(speed=speed, seed=1, spread=SPREAD)
        with emulator:
            env = {**ENVIRONMENT, **emulator.env, "HOME": home, "ACKGPU_STATE_DIR": f"{home}/state"}
            env.pop("PYTHONDONTWRITEBYTECODE")
            rows = [
                one(emulator, env, *words)
                for words in (("create", "demo"), ("delete", "demo", "-y"))
            ]
    print(table((f"speed {speed:g}", "calls", "cloud seconds", "CPU", "peak memory"), rows))


ENTRY = """
import os, resource, sys

def leave(code):
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(code, used.ru_maxrss, used.ru_utime + used.ru_stime, file=sys.stderr, flush=True)
    end(code)

end, os._exit = os._exit, leave
from ackgpu.main import entry
entry()
"""


def one(emulator: Emulator, env: dict[str, str], *words: str) -> tuple[str, ...]:
    """A command's row."""
    emulator.requests.clear()
    command = [sys.executable, "-c", ENTRY, *words, "-o", "json", "-q"]
    told = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    _, peak, cpu = told.stderr.splitlines()[-1].split()
    seconds = json.loads(told.stdout)["durations"]["total"]
    return (
        words[0],
        str(len(list(emulator.requests))),
        f"{seconds:.0f}",
        f"{float(cpu):.2f} s",
        f"{int(peak) / 1024:.0f} MiB",
    )


if __name__ == "__main__":
    os.chdir(Path(__file__).parent)
    main()
