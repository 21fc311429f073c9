"""Client tokens of a run whose work somebody else has removed meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.proxy import proxy_to
from survival.machine import NAME, Machine, difference, remains, things

from ackgpu.emulator import Emulator

LONG = ("--timeout", "24h")


@pytest.mark.long
def test_a_create_that_was_cut_off_and_removed_from_elsewhere_begins_anew(tmp_path: Path) -> None:
    with Emulator(speed=500, seed=7) as emulator, proxy_to(emulator.endpoint) as proxy:
        env = {**emulator.env, "ACKGPU_ENDPOINT_URL": proxy.url}
        here, there = (Machine(tmp_path / name, env) for name in ("here", "there"))
        assert there.run("create", NAME, *LONG).returncode == 0
        complete = things(emulator)
        assert there.run("delete", NAME, "-y", *LONG).returncode == 0
        with here.start("create", NAME, *LONG) as process:

            def strike() -> bool:
                process.kill()
                process.wait()
                return True

            proxy.arm(4, "unanswered", strike)
            process.communicate(timeout=60)
        proxy.disarm()
        assert there.run("delete", NAME, "-y", *LONG).returncode == 0
        assert not remains(emulator)
        ended = here.run("create", NAME, *LONG)
        assert ended.returncode == 0, ended.stderr
        assert not difference(complete, remains(emulator))
