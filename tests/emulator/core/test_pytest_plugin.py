"""The fixture that other people's tests use, in a pytest of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

THEIRS = """
import http.client
import os


def test_theirs(ackgpu_emulator):
    assert os.environ["ACKGPU_ENDPOINT_URL"] == ackgpu_emulator.endpoint
    assert "HTTPS_PROXY" not in os.environ
    connection = http.client.HTTPConnection(ackgpu_emulator.endpoint.removeprefix("http://"))
    connection.request("GET", "/?Action=DescribeVpcs&Version=2016-04-28")
    assert connection.getresponse().read()
    connection.close()
    assert [entry.code for entry in ackgpu_emulator.requests] == ["IncompleteSignature"]
"""


def test_the_fixture_gives_an_emulator_and_leads_the_environment_to_it(tmp_path: Path) -> None:
    path = tmp_path / "test_theirs.py"
    path.write_text(THEIRS)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(path)],
        cwd=tmp_path,
        env={**os.environ, "HTTPS_PROXY": "http://198.51.100.1:1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout
