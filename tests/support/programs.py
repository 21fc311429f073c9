"""What tests of the library hand to it, as a program that uses it would."""

from __future__ import annotations

from pathlib import Path

SPEC = {"metadata": {"name": "demo", "region": "cn-hangzhou"}}


def around(home: Path) -> dict[str, str]:
    """The environment of a program. The emulated clock is fast, and the machine may be busy."""
    return {"HOME": str(home), "ACKGPU_STATE_DIR": str(home / "state"), "ACKGPU_TIMEOUT": "24h"}
