"""The repository's own files keep up: chores, licence, metadata, workflows, contributing."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parent.parent
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
GENERATED_BY = re.compile(r"__name__ == .__main__.")


def generators() -> list[str]:
    """The scripts of this repository that somebody runs by hand, but for examples to read."""
    return [
        str(path.relative_to(ROOT))
        for folder in ("docs", "tests", "benchmarks")
        for path in sorted((ROOT / folder).rglob("*.py"))
        if GENERATED_BY.search(path.read_text()) and path.name != "test_project.py"
        if path.parent.name != "examples"
    ]


@pytest.mark.parametrize("script", generators())
def test_every_script_is_a_chore_by_name(script: str) -> None:
    folder, _, name = script.removesuffix(".py").rpartition("/")
    module = f"{folder}/{name}".removesuffix("/__main__").replace("/", ".")
    measured = name.removeprefix("bench_")
    chores = (ROOT / ".ci" / "task").read_text()
    assert script in chores or f"-m {module}" in chores or re.search(rf"\b{measured}\b", chores)


def test_chores_are_listed_and_an_unknown_one_is_refused() -> None:
    listed = subprocess.run([ROOT / ".ci" / "task"], capture_output=True, text=True, check=True)
    names = [line.split()[0] for line in listed.stdout.splitlines()]
    assert {"cli", "pictures", "transcripts", "emulator-coverage", "survival"} <= set(names)
    refused = subprocess.run(
        [ROOT / ".ci" / "task", "nosuch"], capture_output=True, text=True, check=False
    )
    assert refused.returncode == 1
    assert "nosuch" in refused.stderr


@pytest.mark.parametrize("script", ["run", "nightly", "task", "lib.sh"])
def test_scripts_of_ci_can_be_parsed(script: str) -> None:
    subprocess.run(["bash", "-n", ROOT / ".ci" / script], check=True)


def test_the_readmes_commands_are_where_ci_looks_for_them() -> None:
    script = "set -euo pipefail; HOME_BEFORE=; . .ci/lib.sh; readme_command 1; readme_command 2"
    told = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )
    first, second = told.stdout.splitlines()
    assert first.endswith("ackgpu create demo --emulator")
    assert second.endswith(".venv/bin/pytest")


def test_the_licence_is_declared_and_enclosed() -> None:
    assert PROJECT["license"] == "Apache-2.0"
    assert PROJECT["license-files"] == ["LICENSE"]
    text = (ROOT / "LICENSE").read_text()
    assert "Apache License" in text
    assert "TERMS AND CONDITIONS FOR USE, REPRODUCTION, AND DISTRIBUTION" in text
    assert not [row for row in PROJECT["classifiers"] if row.startswith("License ::")]  # PEP 639


def test_supported_pythons_are_said_once_and_tried() -> None:
    declared = [
        row.rpartition(" ")[2]
        for row in PROJECT["classifiers"]
        if re.fullmatch(r"Programming Language :: Python :: 3\.\d+", row)
    ]
    tried = re.search(r'^SUPPORTED="(.*)"$', (ROOT / ".ci" / "lib.sh").read_text(), re.MULTILINE)
    assert tried is not None
    assert tried[1].split() == declared
    assert PROJECT["requires-python"] == f">={declared[0]}"
    assert "{}.{}".format(*sys.version_info) in declared


def test_the_version_has_a_dated_section_in_the_changelog() -> None:
    version = metadata.version("ackgpu")
    checked = [sys.executable, ROOT / ".ci" / "release.py"]
    subprocess.run([*checked, "check", f"v{version}"], check=True)
    refused = subprocess.run(
        [*checked, "check", "v0.0.9"], capture_output=True, text=True, check=False
    )
    assert "no dated section for v0.0.9" in refused.stderr
    notes = subprocess.run(
        [*checked, "notes", f"v{version}"], capture_output=True, text=True, check=True
    )
    assert notes.stdout.startswith("### Added")
    assert "\n## " not in notes.stdout


def jobs(workflow: Path) -> dict[str, Any]:
    found: dict[str, Any] = YAML(typ="safe").load(workflow.read_text())["jobs"]
    return found


def commands(job: dict[str, Any]) -> str:
    return "\n".join(step.get("run", step.get("uses", "")) for step in job["steps"])


def test_the_workflow_of_changes_calls_what_everybody_calls() -> None:
    found = jobs(ROOT / ".github" / "workflows" / "ci.yml")
    assert ".ci/run" in commands(found["run"])
    assert ".ci/nightly" in commands(found["nightly"])
    assert all(job["timeout-minutes"] for job in found.values())


def test_a_release_is_checked_built_attested_and_published_without_a_token() -> None:
    path = ROOT / ".github" / "workflows" / "release.yml"
    found = jobs(path)
    build = commands(found["build"])
    for part in (
        ".ci/release.py check",
        ".ci/run",
        ".ci/task build",
        "cyclonedx-py",
        "attest-build",
    ):
        assert part in build
    assert found["publish"]["permissions"] == {"id-token": "write"}
    assert found["publish"]["environment"]
    assert "secrets." not in path.read_text()
    assert "not yet proven" in path.read_text().lower()


def test_the_container_is_built_of_what_is_here_and_says_that_it_is_unproven() -> None:
    text = (ROOT / ".ci" / "Containerfile").read_text()
    copied = [
        name for line in re.findall(r"^COPY (.+) \S+$", text, re.MULTILINE) for name in line.split()
    ]
    assert {"ackgpu", "LICENSE", "pyproject.toml"} <= set(copied)
    assert [name for name in copied if not (ROOT / name).exists()] == []
    assert "not yet proven" in text.lower()
    assert re.search(r"^USER (?!root)", text, re.MULTILINE)


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_may_no_more_than_it_needs(workflow: Path) -> None:
    assert YAML(typ="safe").load(workflow.read_text())["permissions"] == {"contents": "read"}


def test_what_contributing_names_is_there() -> None:
    text = (ROOT / ".github" / "CONTRIBUTING.md").read_text()
    named = [
        word
        for word in re.findall(r"`([\w./-]+)`", text)
        if "/" in word and word.partition("/")[0] in {"ackgpu", "tests", "docs", ".ci"}
    ]
    assert len(named) > 20
    assert [word for word in named if not (ROOT / word).exists()] == []
    for chore in re.findall(r"`\.ci/task ([\w-]+)`", text):
        assert f"\ntask {chore} " in (ROOT / ".ci" / "task").read_text()
