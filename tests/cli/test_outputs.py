"""What each ``-o`` writes, whatever the command."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from support.cli import Cli

from ackgpu.spec.model import API_VERSION, KIND

ENVELOPE = {"schemaVersion", "command", "ok", "exitCode", "error", "warnings", "resources"}


def as_old_readers(text: str) -> Any:
    """The text as YAML 1.1, as PyYAML and what is built on it read it."""
    reader = YAML(typ="safe", pure=True)
    reader.version = (1, 1)
    return reader.load(text)


@pytest.mark.parametrize("name", ["on", "off", "yes", "NO", "y", "123", "2026-11-24"])
def test_a_name_is_text_to_every_reader_of_yaml(cli: Cli, name: str) -> None:
    cli.ok("create", name, "--nodes", "0", "--no-verify", "--no-wait")
    (row,) = as_old_readers(cli.ok("list", "-o", "yaml").out)["clusters"]
    assert row["name"] == name


@pytest.mark.long
def test_a_spec_is_the_same_to_every_reader_of_yaml(cli: Cli, tmp_path: Path) -> None:
    metadata = {"name": "on", "tags": {"yes": "off"}}
    spec = {"apiVersion": API_VERSION, "kind": KIND, "metadata": metadata}
    (tmp_path / "cluster.yaml").write_text(json.dumps(spec))
    cli.ok("create", "-f", str(tmp_path / "cluster.yaml"), "--no-verify")
    metadata = as_old_readers(cli.ok("export", "spec", "on").out)["metadata"]
    assert metadata["name"] == "on"
    assert metadata["tags"] == {"yes": "off"}


@pytest.mark.long
def test_names_are_names_and_nothing_else(cli: Cli, tmp_path: Path) -> None:
    sold = ("--instance-type", "ecs.sgn7i-vws-m2s.xlarge")
    cli.ok("create", "demo", "--nodes", "1", "--no-verify", "--ttl", "2h", *sold)
    convert = ("nodepool", "convert-billing", "demo", "gpu", "--period", "1", "--dry-run")
    for command in (convert, ("extend", "demo", "--hold"), ("wait", "demo", "--for", "cluster")):
        assert cli.ok(*command, "-o", "name").out == "demo\n"
    state = str(tmp_path / "account")
    assert cli.ok("emulator", "status", "--state", state, "-o", "name").out == ""


@pytest.mark.parametrize(
    ("command", "field"),
    [(("config", "schema"), "schema"), (("policy", "generate"), "policy")],
)
def test_a_file_of_json_is_itself_or_a_field_of_the_document(
    cli: Cli, command: tuple[str, ...], field: str
) -> None:
    content = json.loads(cli.ok(*command).out)
    assert json.loads(cli.ok(*command, "-o", "name").out) == content
    documents = [cli.ok(*command, "-o", "json").json]
    (line,) = cli.ok(*command, "-o", "jsonl").out.splitlines()
    documents.append(json.loads(line))
    documents.append(as_old_readers(cli.ok(*command, "-o", "yaml").out))
    for document in documents:
        assert set(document) >= ENVELOPE
        assert document[field] == content


@pytest.mark.long
def test_a_kubeconfig_is_printed_whatever_form_the_environment_prefers(cli: Cli) -> None:
    cli.ok("create", "demo", "--nodes", "0", "--no-verify")
    plain = cli.ok("kubeconfig", "show", "demo").out
    shown = cli("kubeconfig", "show", "demo", env={"ACKGPU_OUTPUT": "json"})
    assert (shown.code, "client-key-data" in shown.out) == (0, True)
    assert shown.out.splitlines()[0] == plain.splitlines()[0]
    assert cli("kubeconfig", "show", "demo", "-o", "json").code == 2


@pytest.mark.long
def test_the_reports_that_were_written_are_named(cli: Cli, tmp_path: Path) -> None:
    cli.ok("create", "demo", "--nodes", "1")
    junit, page = tmp_path / "junit.xml", tmp_path / "page.html"
    line = ("verify", "demo", "--level", "labels", "--junit", str(junit), "--report", str(page))
    assert f"wrote {junit}\nwrote {page}\n" in cli.ok(*line).err
    assert "wrote" not in cli.ok(*line, "-q").err
    assert f"wrote {junit}\n" in cli("preflight", "other", "--junit", str(junit)).err


@pytest.mark.long
def test_lines_of_progress_carry_the_date_and_the_zone(cli: Cli) -> None:
    first = cli.ok("create", "demo", "--nodes", "0", "--no-verify").err.splitlines()[0]
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ create demo ", first)
