"""Every cluster with the tag ``hours=office`` sleeps, or is woken.

python office_hours.py sleep|wake [--emulator]
"""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

import ackgpu
from ackgpu.errors import AckGpuError


def main(verb: str, *, emulator: bool) -> dict[str, str]:
    """What became of each cluster, by its name."""
    with ackgpu.Ackgpu(emulator=emulator) as cloud, ThreadPoolExecutor(8) as pool:
        found = cloud.list(tags={"hours": "office"}).record.clusters
        change = cloud.sleep if verb == "sleep" else cloud.wake
        running = {row.name: pool.submit(change, row.name) for row in found}
        told = {}
        for name, future in running.items():
            try:
                told[name] = "asleep" if future.result().record.asleep else "awake"
            except AckGpuError as error:
                told[name] = f"exit {error.exits_with}: {error.message}"
        return told


if __name__ == "__main__":
    for name, outcome in main(sys.argv[1], emulator="--emulator" in sys.argv).items():
        print(name, outcome)
