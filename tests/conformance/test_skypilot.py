"""SkyPilot, which is not ours, reads the label by which it finds a cluster's GPUs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ackgpu.spec import catalog

FAMILIES = {
    "ecs.vgn5i-m2.xlarge": "P4",
    "ecs.vgn6i-m4.xlarge": "T4",
    "ecs.sgn7i-vws-m2s.xlarge": "A10",
    "ecs.sgn8ia-m2.xlarge": "L20",
}
"""A type of each card, and the name that SkyPilot has for it."""
READ = """
import json, sys
from sky.provision.kubernetes.utils import SkyPilotLabelFormatter as formatter
for key, value, name in json.load(sys.stdin):
    assert formatter.match_label_key(key), key
    assert formatter.validate_label_value(value) == (True, ""), value
    assert formatter.get_accelerator_from_label_value(value) == name, value
    assert value in formatter.get_label_values(name), name
print("read")
"""


def rows() -> list[tuple[str, str, str]]:
    return [
        (catalog.ACCELERATOR_LABEL, catalog.own_labels([type_id])[catalog.ACCELERATOR_LABEL], name)
        for type_id, name in FAMILIES.items()
    ]


def test_each_card_has_its_value() -> None:
    assert [value for _, value, _ in rows()] == ["p4", "t4", "a10", "l20"]
    mixed = ["ecs.vgn5i-m2.xlarge", "ecs.vgn6i-m4.xlarge"]
    assert catalog.ACCELERATOR_LABEL not in catalog.own_labels(mixed)
    assert catalog.ACCELERATOR_LABEL not in catalog.own_labels(["ecs.new-family.large"])


@pytest.mark.install
@pytest.mark.timeout(600)
def test_its_own_parser_reads_the_label(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "its")], check=True)
    python = str(tmp_path / "its" / "bin" / "python")
    done = subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "skypilot[kubernetes]"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        pytest.skip(f"skypilot cannot be installed: {done.stderr.strip().splitlines()[-1]}")
    told = subprocess.run(
        [python, "-W", "ignore", "-c", READ],
        input=json.dumps(rows()), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert told.stdout.endswith("read\n"), told.stderr
