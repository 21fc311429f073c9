"""Windows itself is refused in one sentence, before anything is done."""

from __future__ import annotations

import sys

import pytest
from support.cli import Cli


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Python that says it runs on Windows."""
    monkeypatch.setattr(sys, "platform", "win32")


@pytest.mark.usefixtures("windows")
def test_windows_is_refused_with_what_is_supported(cli: Cli) -> None:
    ended = cli("create", "demo")
    assert ended.code == 2
    assert "ackgpu runs on Linux, on macOS and in WSL, not on Windows itself." in ended.err
    assert "wsl --install" in ended.err
    assert cli.account() == {kind: [] for kind in cli.account()}


@pytest.mark.usefixtures("windows")
def test_windows_is_refused_in_json_too(cli: Cli) -> None:
    ended = cli("list", "-o", "json")
    assert ended.json["exitCode"] == 2
    assert "not on Windows itself" in ended.json["error"]["message"]
