"""Start-up against ``python -c pass``: instructions, wall, memory, and what is imported.

    python benchmarks/bench_startup.py

Bars: --help at most 12 times the instructions, create --help 14, --version 7.5, a command up to its
own work 8; `import ackgpu` 2.5, a program whose only call is `list()` 44; the SDKs of CS, ECS and
VPC at most 44, and 75 MiB. Tests hold the pages and the library to theirs.
"""

from __future__ import annotations

import subprocess
import sys

from measure import ENVIRONMENT, PASS, measure, table

from ackgpu.emulator import Emulator

ACKGPU = (sys.executable, "-m", "ackgpu")
SDKS = """
from ackgpu.cloud.aliyun.clients import load
for product in ("CS", "ECS", "VPC"):
    load(product)
"""
FIRST_CALL = """
import ackgpu
with ackgpu.Ackgpu() as cloud:
    cloud.list()
"""
DISPATCH = """
import os, sys, types
account = types.ModuleType("ackgpu.commands.account")
account.__path__ = []
listing = types.ModuleType("ackgpu.commands.account.list_clusters")
listing.ListOptions = lambda **given: given
listing.execute = lambda options, session: 0
sys.modules["ackgpu.commands.account"] = account
sys.modules["ackgpu.commands.account.list_clusters"] = listing
from ackgpu.main import main
raise SystemExit(main(["list"], os.environ))
"""
CASES = (
    ("`python -c pass`", PASS),
    ("`ackgpu --version`", (*ACKGPU, "--version")),
    ("`ackgpu --help`", (*ACKGPU, "--help")),
    ("`ackgpu create --help`", (*ACKGPU, "create", "--help")),
    ("`ackgpu list` up to its own work", (sys.executable, "-c", DISPATCH)),
    ("`import ackgpu`", (sys.executable, "-c", "import ackgpu")),
    ("a program whose only call is `list()`", (sys.executable, "-c", FIRST_CALL)),
    ("the SDKs of CS, ECS and VPC", (sys.executable, "-c", SDKS)),
)
HEAVY = ("alibabacloud", "Tea", "requests", "aiohttp", "pydantic", "httpx2", "tenacity", "rich")


def imported(arguments: str) -> list[str]:
    """Which heavy libraries a command line loads."""
    code = (
        "import sys; sys.argv[1:] = " + repr(arguments.split()) + "\n"
        "from ackgpu.main import main\nimport os\n"
        "try:\n    main(sys.argv[1:], os.environ)\nexcept SystemExit: pass\n"
        f"print(*sorted(m for m in {HEAVY!r} if any(n.split('.')[0].startswith(m)"
        " for n in sys.modules)), file=sys.stderr)"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], env=ENVIRONMENT, capture_output=True, text=True, check=True
    )
    return told.stderr.split("\n")[-2].split()


def main() -> None:
    """Measure and print."""
    base = measure(PASS)
    rows = []
    with Emulator() as emulator:
        ENVIRONMENT.update(emulator.env)
        for name, command in CASES:
            found = measure(command)
            counted = f"{found.instructions / base.instructions:.1f}" if base.instructions else "–"
            rows.append(
                (name, counted, f"{found.seconds / base.seconds:.1f}", f"{found.peak_mib:.0f} MiB")
            )
    print(table(("command", "instructions ÷ pass", "wall ÷ pass", "peak"), rows))
    for arguments in ("--version", "--help"):
        print(f"\n`ackgpu {arguments}` loads: {', '.join(imported(arguments)) or 'none'}")


if __name__ == "__main__":
    main()
