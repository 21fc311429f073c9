"""What each ``-o`` writes, whatever the command."""

from __future__ import annotations

import json
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


def test_a_spec_is_the_same_to_every_reader_of_yaml(cli: Cli, tmp_path: Path) -> None:
    metadata = {"name": "on", "tags": {"yes": "off"}}
    spec = {"apiVersion": API_VERSION, "kind": KIND, "metadata": metadata}
    (tmp_path / "cluster.yaml").write_text(json.dumps(spec))
    cli.ok("create", "-f", str(tmp_path / "cluster.yaml"), "--no-verify")
    metadata = as_old_readers(cli.ok("export", "spec", "on").out)["metadata"]
    assert metadata["name"] == "on"
    assert metadata["tags"] == {"yes": "off"}


def test_names_are_names_and_nothing_else(cli: Cli, tmp_path: Path) -> None:
    cli.ok("create", "demo", "--nodes", "1", "--no-verify", "--ttl", "2h")
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
