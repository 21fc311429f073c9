"""Each setting of a file changed in turn, through apply: really changed, or refused with a way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from support.cli import Cli, Ended

from ackgpu.spec.fields import FIELDS
from ackgpu.spec.in_place import row_of
from tests.cli.machines import own_instance
from tests.cli.test_every_setting import (
    ELASTIC,
    GPU,
    OF_A_RUN,
    OF_TERWAY,
    OTHERS,
    SPEC,
    TERWAY,
    Other,
    changed,
    others_of,
)

ELSEWHERE = {"metadata.name", "metadata.region"}
"""What makes it the file of another cluster, which is not there."""
NEWER = {"cluster.addons.0.version": "v9.9.9"}
APPLIED: dict[str, dict[str, Any]] = {
    "metadata.tags": {"metadata.tags.team": "sound"},
    "lifecycle.ttl": {"lifecycle.ttl": "5h"},
    "lifecycle.deletionProtection": {"lifecycle.deletionProtection": True},
    "cluster.endpointPublicAccess": {"cluster.endpointPublicAccess": False},
    "cluster.addons[].name": {"cluster.addons.0.name": "ack-node-problem-detector"},
    "cluster.addons[].version": NEWER,
    "cluster.addons[].config": {"cluster.addons.0.config": '{"a": 1}'},
    "cluster.addons[].disabled": {"cluster.addons.0.disabled": True},
    "nodePools[].desiredSize": {f"{GPU}.desiredSize": 2},
    "nodePools[].autoScaling.enable": {f"{ELASTIC}.autoScaling": {"enable": False}},
    "nodePools[].autoScaling.min": {f"{ELASTIC}.autoScaling.min": 0},
    "nodePools[].autoScaling.max": {f"{ELASTIC}.autoScaling.max": 4},
    "nodePools[].labels": {f"{GPU}.labels.team": "sound"},
    "nodePools[].taints[].key": {f"{GPU}.taints.0.key": "own"},
    "nodePools[].taints[].value": {f"{GPU}.taints.0.value": "other"},
    "nodePools[].taints[].effect": {f"{GPU}.taints.0.effect": "NoExecute"},
    "nodePools[].name": {f"{GPU}.name": "renamed"},
    "nodePools[].multiAzPolicy": {f"{GPU}.multiAzPolicy": "PRIORITY"},
    "nodePools[].attach.instanceIds": {f"{GPU}.attach.instanceIds": ["INSTANCE"]},
}
"""Another value of each setting that is changed in place; the instance stays, so it comes last."""


class Applied:
    """A shell with a file, on an account where the cluster of ``spec`` stands."""

    def __init__(self, cli: Cli, path: Path, spec: dict[str, Any]) -> None:
        self.cli, self.path, self.spec = cli, path, spec
        self.write(spec)
        cli.ok("create", "-f", str(path), "-y")
        self.ids = others_of(cli)

    def write(self, document: dict[str, Any]) -> None:
        YAML().dump(document, self.path)

    def __call__(self, verb: str, *flags: str) -> Ended:
        return self.cli(verb, "-f", str(self.path), "-o", "json", *flags)

    def with_(self, other: dict[str, Any]) -> None:
        self.write(changed(self.spec, Other(other, 0), self.ids))


def test_every_setting_that_is_applied_has_a_line_here() -> None:
    assert {*APPLIED} == {row.key for row in FIELDS if row.applied}


@pytest.mark.long
def test_each_of_them_is_announced_and_then_really_there(cli: Cli, tmp_path: Path) -> None:
    """From the first file to each other one; what the one before changed is changed back."""
    shell = Applied(cli, tmp_path / "cluster.yaml", SPEC)
    wrong: dict[str, str] = {}
    for key, other in APPLIED.items():
        if "INSTANCE" in str(other):
            shell.ids["INSTANCE"] = _instance_in(cli)
        shell.with_(other)
        flags = ("-y", "--prune")
        announced = shell("apply", "--dry-run", "--detailed-exitcode", *flags)
        done = shell("apply", *flags)
        left = shell("plan", "--detailed-exitcode")
        again = shell("apply", *flags)
        codes = (announced.code, done.code, left.code, again.code)
        told = {row["setting"] for row in done.json.get("changes", ())}
        named = [setting for setting in told if _is_of(setting, key)]
        if codes != (12, 0, 0, 0) or not named or again.json["changes"]:
            wrong[key] = f"{codes} {sorted(told)}: {announced.err} {done.err} {left.out}"
    assert wrong == {}


def _instance_in(cli: Cli) -> str:
    """An instance of the user's own beside the cluster's nodes."""
    backend = cli.emulator.backend
    with backend.transaction() as session:
        [cluster] = session.find("cluster", at=backend.timeline_now(session))
    home = (cluster.body["vswitch_ids"][0], cluster.body["security_group_id"])
    return own_instance(cli, home=home)


def _is_of(setting: str, key: str) -> bool:
    """Whether a change names the setting, or what it is a part of."""
    row = row_of(setting)
    if row is None:  # a thing, such as the instances of a pool
        return "attach" in key and setting.startswith("instances")
    parent = key.rpartition("[].")[0] or key.rpartition(".")[0]
    return row.key == key or row.key.startswith(parent)


def refused(shell: Applied, cases: dict[str, Other]) -> None:
    shell.cli.emulator.requests.clear()
    wrong: dict[str, str] = {}
    for key, other in cases.items():
        shell.write(changed(shell.spec, other, shell.ids))
        ended = shell("apply", "-y")
        if other.code == 0:  # told when the thing is made: it is said that nothing was compared
            right = ended.code == 0 and other.says in ended.out
        elif key in ELSEWHERE:
            right = ended.code == 5
        else:
            right = ended.code == other.code and _has_a_way(ended.json["error"], other.says)
        if not right:
            wrong[key] = f"{ended.code}: {ended.json['error']}"
    assert wrong == {}
    assert shell.cli.emulator.requests.writes() == []


def _has_a_way(error: dict[str, Any], setting: str) -> bool:
    """Whether what names the setting says what to do; an error of one thing says it at its end."""
    lines = [line for line in error["details"] if setting in line]
    if error["code"] == "Conflict" and lines:
        return all(line.rpartition(": ")[2] for line in lines)
    return setting in f"{error['message']} {lines}" and bool(error["resolution"] or lines)


@pytest.mark.long
def test_each_other_setting_is_refused_beforehand_with_the_way(cli: Cli, tmp_path: Path) -> None:
    shell = Applied(cli, tmp_path / "cluster.yaml", SPEC)
    refused(shell, {key: other for key, other in OTHERS.items() if key not in APPLIED})


@pytest.mark.long
def test_so_is_each_of_terway(cli: Cli, tmp_path: Path) -> None:
    refused(Applied(cli, tmp_path / "cluster.yaml", TERWAY), OF_TERWAY)


@pytest.mark.long
def test_what_belongs_to_a_run_changes_nothing(cli: Cli, tmp_path: Path) -> None:
    shell = Applied(cli, tmp_path / "cluster.yaml", SPEC)
    cli.emulator.requests.clear()
    for key, other in OF_A_RUN.items():
        shell.write(changed(SPEC, other, shell.ids))
        ended = shell("apply", "-y")
        assert (ended.code, ended.json["changes"]) == (0, []), key
    assert cli.emulator.requests.writes() == []


@pytest.mark.parametrize("key", [row.key for row in FIELDS if row.compared not in {"run", "once"}])
def test_every_setting_has_its_row_by_the_name_that_messages_give_it(key: str) -> None:
    named = key.replace("nodePools[]", "nodePools[gpu]")
    named = named.replace("cluster.addons[].name", "cluster.addons.exporter")
    named = named.replace("cluster.addons[].", "cluster.addons.exporter.")
    if key != "cluster.addons[].disabled":  # messages say that it is installed, or not
        assert row_of(named) is not None
        assert row_of(named).key == key  # type: ignore[union-attr]
