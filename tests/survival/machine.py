"""A user's machine on which the real program runs as a process of its own, and the account."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ackgpu.emulator import Emulator

TRACES = frozenset(
    {"address", "token", "task", "clusterevent", "scalingactivity", "accesskey", "ramuser"}
)
"""Kinds that are no resources: records of what happened."""
LATER = 3600.0
"""Emulated seconds after which everything that was on its way out is gone."""
PATIENCE = 60.0
NAME = "demo"

Things = Counter[tuple[str, str]]


@dataclass
class Machine:
    """A home and a state directory. ``env`` leads the program to the emulated account."""

    home: Path
    env: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Begin a command."""
        return subprocess.Popen(
            [sys.executable, "-m", "ackgpu", *arguments],
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Carry a command out to its end."""
        with self.start(*arguments) as process:
            out, err = process.communicate(timeout=PATIENCE)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    @property
    def contexts(self) -> int:
        """How often the cluster's context stands in the kubeconfig."""
        file = self.home / ".kube" / "config"
        return file.read_text().count(f"  name: {NAME}\n") if file.exists() else 0

    def _environment(self) -> dict[str, str]:
        path = {key: os.environ[key] for key in ("PATH", "PYTHONPATH") if key in os.environ}
        return {
            **path,
            "HOME": str(self.home),
            "ACKGPU_STATE_DIR": str(self.home / "state"),
            "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true",
            **self.env,
        }


def things(emulator: Emulator) -> Things:
    """Every resource of the account by kind and name, as of the last request.

    Ids differ from run to run and are left out; what carries no name counts by its kind.
    """
    return _at(emulator, max((entry.at for entry in emulator.requests), default=0.0))


def remains(emulator: Emulator) -> Things:
    """What is still there when everything that was on its way out has gone."""
    with emulator.backend.transaction() as session:
        now = emulator.backend.timeline_now(session)
    return _at(emulator, now + LATER)


def put_in_state(emulator: Emulator, kind: str, state: str) -> None:
    """Let the account's first resource of ``kind`` have been in ``state`` ever since."""
    with emulator.backend.transaction(write=True) as session:
        doc = session.find(kind, at=emulator.backend.timeline_now(session))[0]
        doc.body["phases"] = [[doc.created_at, state]]
        session.put(doc)


def difference(wanted: Things, found: Things) -> str:
    """What is missing and what is too many, in words; empty where all is as wanted."""
    missing, extra = wanted - found, found - wanted
    told = [f"missing {_told(missing)}"] if missing else []
    return "; ".join([*told, f"too many: {_told(extra)}"] if extra else told)


def _told(some: Things) -> str:
    return ", ".join(f"{n} {kind} {name}".strip() for (kind, name), n in sorted(some.items()))


def _at(emulator: Emulator, at: float) -> Things:
    with emulator.backend.transaction() as session:
        kinds = set(session.kinds(at=at)) - TRACES
        found = [(kind, _name(kind, doc.name)) for kind in kinds
                 for doc in session.find(kind, at=at)]  # fmt: skip
    return Counter(found)


def _name(kind: str, name: str) -> str:
    if kind == "vswitch":
        return name.rpartition("-")[0]  # its zone is the one with the best stock at the moment
    return name if kind in {"vpc", "cluster", "nodepool", "natgateway"} else ""
