"""``create`` against the emulated cloud's own critical path, its calls, and its memory.

    python benchmarks/bench_create.py [SPEED]

Bars: wall at most 1.03 times the critical path; the average wait overshot by at most 5 %.
The critical path is what the emulated cloud needs from the first request to the last node's GPU.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from measure import ENVIRONMENT, table

from ackgpu.emulator import Emulator
from ackgpu.emulator.cs.timing import critical_path

NETWORK_SECONDS = 6
"""The VPC and its vSwitch, about 3 s each, come before the cluster."""


def main() -> None:
    """Create one cluster in a process of its own and print what it took."""
    speed = float(sys.argv[1]) if len(sys.argv) > 1 else 20.0
    with tempfile.TemporaryDirectory() as home, Emulator(speed=speed, seed=1) as emulator:
        env = {**ENVIRONMENT, **emulator.env, "HOME": home, "ACKGPU_STATE_DIR": f"{home}/state"}
        code = (
            "import json, os, resource, sys; from ackgpu.main import main;"
            "code = main(['create', 'demo', '-o', 'json', '-q'], os.environ);"
            "print(code, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)"
        )
        told = subprocess.run(
            [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
        )
        made = json.loads(told.stdout)
        calls = Counter(entry.action for entry in emulator.requests)
        writes = len(list(emulator.requests.writes()))
    needed = NETWORK_SECONDS + critical_path(2)
    peak = int(told.stderr.split()[-1]) / 1024
    rows = [
        ("emulated critical path", f"{needed:.0f} s"),
        ("create, from its first step", f"{made['durations']['total']:.0f} s"),
        ("ratio", f"{made['durations']['total'] / needed:.3f}"),
        ("calls, of which change something", f"{calls.total()}, {writes}"),
        ("most called", ", ".join(f"{a} {n}" for a, n in calls.most_common(4))),
        ("peak memory", f"{peak:.0f} MiB"),
        ("speed", f"{speed:g}"),
    ]
    print(table(("create, 2 nodes", ""), rows))


if __name__ == "__main__":
    os.chdir(Path(__file__).parent)
    main()
