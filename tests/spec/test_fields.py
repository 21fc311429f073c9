"""The table of settings against the model, and the help that follows it.

Help is answered from a table that ``docs/generate_commands.py`` writes, and a test holds the two
together: a default that is changed shows in both after the generators have run.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

import ackgpu
from ackgpu.spec.fields import BY_KEY, FIELDS
from ackgpu.spec.model import ClusterSpec

PACKAGE = Path(ackgpu.__file__).parent
DOCS = PACKAGE.parent / "docs"
NO_SETTINGS = {"apiVersion", "kind"}


def record_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(record_in, get_args(annotation))), None)


def leaves(record: type[BaseModel], above: str = "") -> Iterator[str]:
    """The keys of all settings of a record, with [] behind those of lists."""
    for name, field in record.model_fields.items():
        key = f"{above}{field.alias or name}"
        inner = record_in(field.annotation)
        if inner is None:
            yield key
        else:
            many = "[]" if "tuple" in str(field.annotation) else ""
            yield from leaves(inner, f"{key}{many}.")


def test_every_setting_of_the_model_has_a_row_and_no_row_is_of_nothing() -> None:
    assert {*BY_KEY} == {*leaves(ClusterSpec)} - NO_SETTINGS
    assert len(BY_KEY) == len(FIELDS)


def test_no_two_flags_are_called_the_same() -> None:
    names = [row.parameter for row in FIELDS if row.flag]
    assert len({*names}) == len(names)


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the program in whose model some defaults are others."""
    home = tmp_path_factory.mktemp("changed")
    shutil.copytree(PACKAGE, home / "ackgpu", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(DOCS, home / "docs")
    model = home / "ackgpu" / "spec" / "model.py"
    text = model.read_text()
    for old, new in (
        ('"172.20.0.0/16"', '"10.99.0.0/16"'),
        ('"ack.pro.small"', '"ack.pro.xlarge"'),
        ("timeout: Seconds = 45 * 60", "timeout: Seconds = 90 * 60"),
        ("desired_size: int = 2", "desired_size: int = 7"),
        ('MultiAzPolicy = "BALANCE"', 'MultiAzPolicy = "PRIORITY"'),
    ):
        assert old in text
        text = text.replace(old, new)
    model.write_text(text)
    return home


def run(home: Path, *words: str) -> str:
    env = {**os.environ, "PYTHONPATH": str(home), "TERM": "dumb", "COLUMNS": "300"}
    command = [sys.executable, *words]
    ran = subprocess.run(command, cwd=home, env=env, capture_output=True, text=True, check=True)
    return " ".join(ran.stdout.split())


def test_help_and_its_page_follow_a_default_of_the_model(changed: Path) -> None:
    run(changed, "docs/generate_commands.py")
    create = run(changed, "-m", "ackgpu", "create", "--help")
    for default in ("10.99.0.0/16", "ack.pro.xlarge", "1h30m", "7"):
        assert f"Default: {default}." in create
    assert "172.20.0.0/16" not in create
    assert "Default: PRIORITY." in run(changed, "-m", "ackgpu", "nodepool", "add", "--help")
    run(changed, "docs/generate_cli.py")
    page = (changed / "docs" / "cli.md").read_text()
    assert "The range of pods (Flannel). Default: 10.99.0.0/16." in page
    assert "172.20.0.0/16" not in page.partition("written by docs/generate_cli.py")[2]


def test_the_pages_of_the_spec_and_of_apply_name_every_setting() -> None:
    spec, apply = ((DOCS / page).read_text() for page in ("spec.md", "apply.md"))
    sections = spec.split("\n## ")
    unnamed = []
    for row in FIELDS:
        section = row.key.partition(".")[0].removesuffix("[]")
        last = row.key.rpartition(".")[2]
        text = "".join(part for part in sections if re.match(rf"[\w ]*\b{section}\b", part))
        if not any(re.search(rf"\b{last}\b", code) for code in re.findall(r"`[^`]+`", text)):
            unnamed.append(row.key)
        setting = ".".join(row.key.split(".")[:2]).removesuffix("[]")
        if row.applied and row.key != "nodePools[].name" and f"`{setting}" not in apply:
            unnamed.append(f"{row.key} in apply.md")
    assert unnamed == []
