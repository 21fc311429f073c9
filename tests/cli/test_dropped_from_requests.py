"""No request has a field that ACK ignores or answers with 400 since 2026."""

from __future__ import annotations

import json
import tomllib
from fnmatch import fnmatchcase
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from support.cli import Cli, cli_on

OF_CLUSTERS = tomllib.loads(
    files("ackgpu.spec").joinpath("data/deprecated_fields.toml").read_text(encoding="utf-8")
)["instead"]
OF_CHANGES = {
    "access_control_list", "ingress_domain_rebinding", "ingress_loadbalancer_id",
    "instance_deletion_protection",
}  # fmt: skip
"""Of ModifyCluster, as ACK's announcement on changed API parameters has them (2026)."""
OF_UPGRADES = {"component_name", "version", "rolling_policy"}
SPEC = """\
apiVersion: ackgpu.dev/v1alpha1
kind: GpuCluster
metadata: {{name: demo, version: "{version}", tags: {{team: {team}}}}}
cluster: {{endpointPublicAccess: {public}, addons: [{{name: ack-node-problem-detector}}]}}
lifecycle: {{deletionProtection: {public}}}
nodePools:
- name: gpu
  desiredSize: 1
  instanceTypes: [ecs.vgn5i-m2.xlarge]
  userData: "#!/bin/sh\\ntrue\\n"
  taints: [{{key: a, value: b, effect: NoSchedule}}]
verify: {{level: none}}
"""


def sent(cli: Cli, tmp_path: Path, call: str, *words: str) -> dict[str, Any]:
    """What the command asked for by ``call``."""
    record = tmp_path / "record.jsonl"
    cli.ok(*words, "--record", str(record))
    rows = [json.loads(line) for line in record.read_text().splitlines()[1:]]
    (found,) = [row["sent"]["body"] for row in rows if row["call"] == call]
    return dict(found)


@pytest.mark.long
def test_nothing_deprecated_is_sent(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(SPEC.format(version="1.34", team="a", public="false"))
    made = sent(cli, tmp_path, "CreateCluster", "create", "-f", str(path))
    assert {"addons", "client_token", "vswitch_ids"} <= made.keys(), "the body was seen"
    assert not [k for k in made for field in OF_CLUSTERS if fnmatchcase(k, field)]
    upgrade = ("upgrade", "demo", "--to", "1.35", "-y")
    upgraded = sent(cli, tmp_path, "UpgradeCluster", *upgrade)
    assert "next_version" in upgraded
    assert not OF_UPGRADES & upgraded.keys()
    path.write_text(SPEC.format(version="1.35", team="a", public="true"))
    record = tmp_path / "record.jsonl"
    cli.ok("apply", "-f", str(path), "-y", "--record", str(record))
    rows = [json.loads(line) for line in record.read_text().splitlines()[1:]]
    changes = [row["sent"]["body"] for row in rows if row["call"] == "ModifyCluster"]
    assert {key for change in changes for key in change} >= {
        "deletion_protection",
        "api_server_eip",
    }
    assert not [change for change in changes if OF_CHANGES & change.keys()]


def test_one_that_a_spec_brings_is_warned_of_and_its_refusal_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "c.yaml"
    spec = SPEC.format(version="1.35", team="a", public="false")
    path.write_text(spec.replace("cluster: {", "cluster: {raw: {timeout_mins: 60}, "))
    doubts = {"doubts": {"deprecated_fields": "refused"}}
    with cli_on(tmp_path / "user", capsys, scenario=doubts) as cli:
        assert "ACK ignores or refuses this field since 2026" in cli("plan", "-f", str(path)).err
        ended = cli("create", "-f", str(path))
        assert ended.code == 11
        assert "timeout_mins is deprecated" in ended.err
        cli.ok("delete", "demo", "-y")
        assert cli.account() == {}
