"""The events of a creation as they happen, and a stop where it is safe.

python progress.py [--emulator]
"""

from __future__ import annotations

import sys

import ackgpu
from ackgpu.errors import Interrupted

SPEC = {"metadata": {"name": "watched", "region": "cn-hangzhou"}}


def main(*, emulator: bool, stop_at: str = "") -> int:
    """Show each step that is done; stop once ``stop_at`` is."""
    with ackgpu.Ackgpu(emulator=emulator) as cloud:
        creation = cloud.start(cloud.create, SPEC)
        for event in creation:
            step = getattr(event, "step", "")
            if type(event).__name__ == "StepDone":
                print(f"{event.at:7.1f} s  {step}")
            if stop_at and step == stop_at:
                creation.cancel()
        try:
            creation.result()
        except Interrupted as stopped:
            standing = stopped.aftermath.resources if stopped.aftermath else ()
            print(f"stopped; {len(standing)} things stand, create goes on from here")
            return stopped.exits_with
    return 0


if __name__ == "__main__":
    raise SystemExit(main(emulator="--emulator" in sys.argv))
