"""A runner of GitHub Actions, as far as a JavaScript action sees one."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ACTION = Path(__file__).parents[2] / ".github" / "actions" / "cluster"
GRACE = 7.5
"""Seconds between the SIGINT and the SIGTERM of a runner that cancels a job."""


@dataclass
class Job:
    """One job: its environment, its files, and what its steps print."""

    home: Path
    inputs: Mapping[str, str]
    env: Mapping[str, str]
    log: str = ""
    insisted: bool = False
    """Whether a cancelled step needed the SIGTERM as well."""

    def __post_init__(self) -> None:
        self.temporary.mkdir(parents=True)
        for name in ("output", "state", "summary"):
            self._file(name).touch()

    @property
    def temporary(self) -> Path:
        """The runner's folder for the job's temporary files."""
        return self.home / "temp"

    def _file(self, name: str) -> Path:
        return self.home / f"github_{name}"

    @property
    def outputs(self) -> dict[str, str]:
        """What the main step gave to later steps."""
        return values(self._file("output").read_text())

    @property
    def summary(self) -> str:
        """The step summary, as Markdown."""
        return self._file("summary").read_text()

    def start(self, script: str) -> subprocess.Popen[str]:
        """Start a step, with what the runner gives it and what the step before it left."""
        inputs = {f"INPUT_{name.upper()}": value for name, value in self.inputs.items()}
        left = {f"STATE_{name}": value for name, value in values(self._state()).items()}
        env = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(self.home),
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_RUN_ID": "4711",
            "GITHUB_RUN_ATTEMPT": "2",
            "GITHUB_JOB": "Integration tests",
            "GITHUB_WORKSPACE": str(self.home),
            "RUNNER_TEMP": str(self.temporary),
            "GITHUB_OUTPUT": str(self._file("output")),
            "GITHUB_STATE": str(self._file("state")),
            "GITHUB_STEP_SUMMARY": str(self._file("summary")),
            **inputs,
            **left,
            **self.env,
        }
        return subprocess.Popen(
            ["node", ACTION / script],
            env=env,
            cwd=self.home,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def _state(self) -> str:
        return self._file("state").read_text()

    def run(self, script: str) -> int:
        """Run a step to its end and return its exit code."""
        return self.ended(self.start(script))

    def ended(self, step: subprocess.Popen[str]) -> int:
        """Wait for a step's end and return its exit code."""
        self.log += step.communicate(timeout=100)[0]
        return step.returncode

    def cancel(self, step: subprocess.Popen[str]) -> int:
        """End a step as a cancelled job does: SIGINT, and SIGTERM if it has not ended by then."""
        step.send_signal(signal.SIGINT)
        try:
            self.log += step.communicate(timeout=GRACE)[0]
        except subprocess.TimeoutExpired:
            self.insisted = True
            step.send_signal(signal.SIGTERM)
            self.log += step.communicate(timeout=60)[0]
        return step.returncode


def values(text: str) -> dict[str, str]:
    """The names and values of a runner's file, each between its marks."""
    return {
        name: value
        for name, _, value in re.findall(
            r"^(\w+)<<(\S+)\n(.*?)\n\2$", text, re.DOTALL | re.MULTILINE
        )
    }
