"""A pytest fixture for tests that need a cluster with GPUs: one, verified, for the whole session.

::

    def test_my_job(ackgpu_cluster):
        submit(kubeconfig=ackgpu_cluster.kubeconfig)

Emulated unless ``--ackgpu-cloud real`` is given. All workers of pytest-xdist share it. It always
has an end (``--ackgpu-ttl``), is deleted with the session, and is taken over by the next one if
this one was killed or asked to keep it (docs/pytest.md).
"""

from __future__ import annotations

import getpass
import json
import os
import re
import shutil
import subprocess
import sys
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from filelock import FileLock

from ackgpu import flag
from ackgpu.errors import AckGpuError, ConflictError, LocalError, NoSuchCluster
from ackgpu.settings import Flags, Settings

if TYPE_CHECKING:
    from ackgpu import Ackgpu

SPEED = 240
"""Emulated seconds in a real one."""
SESSION = "ackgpu_session"
_MAX_NAME = 40
_STASHED = pytest.StashKey[str]()


@dataclass(frozen=True)
class ClusterUnderTest:
    """The cluster of a test session. ``env`` leads programs to its cloud; it may hold keys.

    ``kubeconfig`` is a file of its own, with this context alone. ``id`` is ACK's.
    """

    name: str
    id: str
    region: str
    emulated: bool
    kubeconfig: Path
    env: Mapping[str, str]

    def client(self) -> Ackgpu:
        """A client of the same account and region, to be closed."""
        from ackgpu import Ackgpu

        return Ackgpu(env=self.env, region=self.region)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the fixture."""
    group = parser.getgroup("ackgpu", "a cluster with GPUs for the session (ackgpu_cluster)")
    group.addoption(
        "--ackgpu-cloud", choices=("emulated", "real"), default="emulated",
        help="which cloud the cluster is made in; a real one is billed (default: emulated)",
    )  # fmt: skip
    group.addoption(
        "--ackgpu-spec", type=Path, metavar="FILE",
        help="a cluster.yaml to make it of; its name and lifetime are those of the options",
    )  # fmt: skip
    group.addoption("--ackgpu-name", metavar="NAME", help="its name (default: pytest-PROJECT-USER)")
    group.addoption(
        "--ackgpu-ttl", default="2h", metavar="DURATION",
        help="when `ackgpu gc` may delete it, whatever becomes of this session (default: 2h)",
    )  # fmt: skip
    group.addoption(
        "--ackgpu-keep", choices=("never", "failed"), default="never",
        help="keep it after a session with failures (default: never)",
    )  # fmt: skip


def pytest_configure(config: pytest.Config) -> None:
    """Let the process that started the session see to the cluster's end."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Controller(config), "ackgpu_controller")


@pytest.fixture(scope="session")
def ackgpu_cluster(pytestconfig: pytest.Config) -> ClusterUnderTest:
    """A verified cluster, made when the first test wants it; other workers wait for it."""
    given = getattr(pytestconfig, "workerinput", None)
    session = given[SESSION] if given else pytestconfig.stash[_STASHED]
    return _Home(pytestconfig).cluster(session)


class _Controller:
    """Deletes the cluster at the end of the session, or says how to go on with it."""

    def __init__(self, config: pytest.Config) -> None:
        self.session = config.stash[_STASHED] = uuid.uuid4().hex
        self._config = config
        self._said: list[str] = []

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a worker of pytest-xdist which session it works for."""
        node.workerinput[SESSION] = self.session

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Delete it; no worker is left by now."""
        home = _Home(self._config)
        if home.note.get("session") != self.session:
            return
        failed = exitstatus not in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}
        if failed and self._config.getoption("--ackgpu-keep") == "failed":
            self._said = [f"{home.name} is kept: the next run takes it over.", *home.commands()]
            return
        try:
            home.remove()
        except AckGpuError as error:
            self._said = [f"{home.name} was not deleted: {error.message}", *home.commands()]
            if not failed:
                session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say what is left, and the next command."""
        if self._said:
            terminalreporter.section("ackgpu_cluster")
            for line in self._said:
                terminalreporter.write_line(line)


class _Home:
    """Where this machine keeps what it knows of the cluster, from one session to the next."""

    def __init__(self, config: pytest.Config) -> None:
        self.name = config.getoption("--ackgpu-name") or _default_name(config.rootpath)
        self._spec: Path | None = config.getoption("--ackgpu-spec")
        self._ttl: str = config.getoption("--ackgpu-ttl")
        self._emulated = config.getoption("--ackgpu-cloud") == "emulated"
        settings = Settings.resolve(Flags(), os.environ)
        kind = "emulated" if self._emulated else "real"
        self._place = settings.state_dir / "pytest" / kind / self.name
        self._state = self._place / "state"

    @property
    def note(self) -> dict[str, Any]:
        """What was written down of the cluster; nothing without one."""
        try:
            found = json.loads((self._place / "cluster.json").read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def cluster(self, session: str) -> ClusterUnderTest:
        """The cluster of this session: made, gone on with, or taken over, and verified."""
        self._place.mkdir(parents=True, exist_ok=True, mode=0o700)
        with FileLock(self._place / "lock"):
            note = self.note
            if note.get("session") != session or "id" not in note:
                self._write({"session": session})  # so that its end is seen to, come what may
                note = self._made() | {"session": session}
                self._write(note)
        return ClusterUnderTest(
            name=self.name,
            id=note["id"],
            region=note["region"],
            emulated=self._emulated,
            kubeconfig=self._kubeconfig,
            env=self._env(),
        )

    def remove(self) -> None:
        """Delete the cluster, and end the emulated cloud."""
        with FileLock(self._place / "lock"):
            with self._client() as cloud:
                cloud.delete(self.name)
            (self._place / "cluster.json").unlink()
            self._kubeconfig.unlink(missing_ok=True)
            if self._emulated:
                self._emulator("down")
                shutil.rmtree(self._state, ignore_errors=True)

    def commands(self) -> list[str]:
        """What shows the cluster, and what deletes it."""
        region = self.note.get("region")
        where = f"ACKGPU_STATE_DIR={self._state} " if self._emulated else ""
        cloud = (
            f" {flag.EMULATOR}" if self._emulated else f" {flag.REGION} {region}" if region else ""
        )
        return [
            f"  kubectl --kubeconfig {self._kubeconfig} get nodes",
            f"  {where}ackgpu describe {self.name}{cloud}",
            f"  {where}ackgpu delete {self.name}{cloud} {flag.YES}",
        ]

    @property
    def _kubeconfig(self) -> Path:
        return self._place / "kubeconfig"

    def _made(self) -> dict[str, str]:
        with self._client() as cloud:
            try:
                cloud.extend(self.name, ttl=self._ttl)  # of one that is taken over
            except NoSuchCluster:
                pass
            except ConflictError:  # it is being deleted
                cloud.wait(self.name, "deleted")
            made = cloud.create(self._document(), kubeconfig=self._kubeconfig).record.cluster
        return {"id": made.id, "region": made.region}

    def _document(self) -> dict[str, Any]:
        from ackgpu.spec.load import load_file
        from ackgpu.spec.model import document_of

        document = document_of(load_file(self._spec).spec) if self._spec else {}
        document["metadata"] = {**document.get("metadata", {}), "name": self.name}
        document["lifecycle"] = {**document.get("lifecycle", {}), "ttl": self._ttl}
        if not self._spec:
            document["nodePools"] = [{"name": "gpu", "desiredSize": 1}]
        return document

    def _client(self) -> Ackgpu:
        from ackgpu import Ackgpu

        return Ackgpu(env=self._env())

    def _env(self) -> dict[str, str]:
        if not self._emulated:
            return dict(os.environ)
        from ackgpu.emulated_account import leading_to

        self._emulator("up", flag.DETACH, flag.SPEED, str(SPEED))
        own = leading_to(os.environ, json.loads(self._emulator("env", "-o", "json"))["env"])
        # The clock runs fast: what is busy for a real minute must not be late by it.
        return {**own, "ACKGPU_STATE_DIR": str(self._state), "ACKGPU_TIMEOUT": "24h"}

    def _emulator(self, *words: str) -> str:
        ended = subprocess.run(  # noqa: S603 -- this very program
            [sys.executable, "-m", "ackgpu", "emulator", *words],
            env={**os.environ, "ACKGPU_STATE_DIR": str(self._state)},
            capture_output=True,
            text=True,
            check=False,
        )
        if ended.returncode:
            raise LocalError(f"The emulator failed: {ended.stderr.strip()}")
        return ended.stdout

    def _write(self, note: Mapping[str, str]) -> None:
        new = self._place / "cluster.new"
        new.write_text(json.dumps(note), "utf-8")
        new.replace(self._place / "cluster.json")


def _default_name(root: Path) -> str:
    """``pytest-PROJECT-USER``: the same in each session of a project, and of one user only."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())
    words = re.sub(r"[^A-Za-z0-9]+", "-", f"pytest-{root.name}-{user}").strip("-")
    return words[:_MAX_NAME].rstrip("-")
