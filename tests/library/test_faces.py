"""Each command is a face of a method of the library, or the page says why it has none."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.programs import SPEC

import ackgpu
from ackgpu import errors
from ackgpu.command_table import load
from ackgpu.emulator import Emulator

ROOT = Path(__file__).parents[2]


@pytest.mark.long
def test_who_gets_in(cloud: ackgpu.Ackgpu, tmp_path: Path) -> None:
    told = cloud.settings().record.facts
    assert (told["region"], told["emulated"]) == ("cn-hangzhou", True)
    assert not {"secret", "key"} & {word.lower() for word in told}
    policy = cloud.policy(SPEC, "create")
    actions = {action for each in policy["Statement"] for action in each["Action"]}
    assert "cs:CreateCluster" in actions
    assert "cs:DeleteCluster" not in actions
    assert {row.verdict for row in cloud.check_policy(SPEC).record.checks} == {"passed"}
    cloud.create(SPEC)
    path = tmp_path / "own.yaml"
    cloud.write_kubeconfig("demo", path=path, renewing=True, set_context=True)
    written = path.read_text()
    assert "client.authentication.k8s.io/v1beta1" in written
    assert "client-key-data" not in written
    cloud.remove_kubeconfig("demo", path=path)
    assert "demo" not in path.read_text()


@pytest.mark.long
def test_what_is_wrong_with_a_cluster_and_its_next_version(
    cloud: ackgpu.Ackgpu, emulator: Emulator
) -> None:
    emulator.set_faults({"faults": [{"kind": "node_not_ready", "pool": "gpu", "count": 1}]})
    cloud.create({**SPEC, "verify": {"level": "none"}}, wait=False)
    assert cloud.diagnose("demo").record.cluster_name == "demo"
    with pytest.raises(errors.PreflightFailed, match="cannot be upgraded"):
        cloud.upgrade("demo", to="1.99")


def test_every_command_has_a_method_or_a_reason_for_none() -> None:
    page = (ROOT / "docs/python.md").read_text("utf-8")
    reasons = page.partition("These commands have no method")[2].partition("\n## ")[0]
    without = {
        name
        for row in reasons.splitlines()
        for name in re.findall("`([a-z -]+)`", row[1:].split("|")[0])
    }
    titles = {
        title
        for path in (ROOT / "ackgpu/library").glob("*.py")
        for title in re.findall(
            r"""f?"([a-z-]+(?: [a-z-]+| \{\w+\})?)"[,)]""", path.read_text("utf-8")
        )
    }
    commands = {path for path, entry in load()["commands"].items() if "exits" in entry}
    spoken_of = {
        path
        for path in commands
        if path in titles or any(path.startswith(t.partition("{")[0]) for t in titles if "{" in t)
    }
    assert without & spoken_of == set()
    assert commands - spoken_of == without
