"""A machine with a home, and the runs of ackgpu on it: to be killed, interrupted, and read."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import os
import random
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import FrameType
from typing import Any

import yaml
from cryptography import x509
from cryptography.x509.oid import NameOID
from simulation.files import write
from simulation.kernel import Kernel, SimulatedClock
from support.declared import held_to_declarations

from ackgpu.app import Parts
from ackgpu.main import main

Handler = Callable[[int, FrameType | None], Any] | int | None


@dataclass
class Machine:
    """A user's machine. ``skew``: how many seconds its calendar is ahead; ``full``: its disk is.

    ``flags`` are given with each command.
    """

    name: str
    home: Path
    env: dict[str, str]
    flags: tuple[str, ...] = ()
    skew: float = 0.0
    full: bool = False

    @property
    def environment(self) -> dict[str, str]:
        """What a command on it is given."""
        return {
            "HOME": str(self.home),
            "ACKGPU_STATE_DIR": str(self.home / "state"),
            "ACKGPU_NO_INPUT": "1",
            "TERM": "dumb",
            **self.env,
        }

    @property
    def profile(self) -> Path:
        """The file with its access key."""
        return self.home / ".aliyun" / "config.json"

    def sign_with(self, key: str, secret: str) -> None:
        """Keep an access key in its profile ``ci``."""
        self.profile.parent.mkdir(parents=True, exist_ok=True)
        profile = {
            "name": "ci", "mode": "AK", "access_key_id": key, "access_key_secret": secret,
            "region_id": "cn-hangzhou",
        }  # fmt: skip
        self.profile.write_text(json.dumps({"current": "ci", "profiles": [profile]}), "utf-8")


@dataclass(eq=False)
class Process:
    """One command on a machine, as a task of the kernel.

    ``code`` is its exit code, None as long as it runs or if it was killed. ``mortal``: it may be
    killed, so that it is known which files are its own.
    """

    kernel: Kernel
    machine: Machine
    words: tuple[str, ...]
    seed: int
    out: io.StringIO = field(default_factory=io.StringIO)
    err: io.StringIO = field(default_factory=io.StringIO)
    began: float | None = None
    ended: float | None = None
    code: int | None = None
    dead: bool = False
    mortal: bool = False
    certificate: Any = None
    on_end: Callable[[Process], None] = lambda process: None
    crash: BaseException | None = None
    _signals: list[int] = field(default_factory=list)
    _handlers: dict[int, Handler] = field(default_factory=dict)
    _thread: threading.Thread | None = None
    _files: set[tuple[str, str]] = field(default_factory=set)
    _open_before: set[tuple[str, str]] | None = None

    def __str__(self) -> str:
        return f"{self.machine.name}$ ackgpu {' '.join(self.words)}"

    @property
    def running(self) -> bool:
        """Whether it has neither ended nor been killed."""
        return self.code is None and not self.dead

    def start(self, *, after: float = 0.0) -> None:
        """Let it run, beginning ``after`` seconds from now."""
        self.kernel.spawn(self, self._work, after=after)

    def _work(self) -> None:
        self.began, self._thread = self.kernel.now, threading.current_thread()
        clock = SimulatedClock(self.kernel, skew=lambda: self.machine.skew)
        parts = Parts(
            clock=clock,
            workers=self.kernel.workers(self),
            cloud=held_to_declarations,
            rng=random.Random(self.seed),
            connect=self._connect,
            bounded=False,
        )
        try:
            words = (*write(self.machine.home, self.words), *self.machine.flags)
            self.code = main(words, self.machine.environment, parts)
        except Exception as error:  # noqa: BLE001 -- an invariant says that there is none
            self.crash, self.code = error, 1
        self.ended = self.kernel.now
        self.on_end(self)

    def _connect(self, kubeconfig: str, **options: Any) -> Any:
        from ackgpu.cloud.kube.client import connect

        self.certificate = _subject(kubeconfig)
        clock = SimulatedClock(self.kernel, skew=lambda: self.machine.skew)
        return connect(kubeconfig, **{**options, "clock": clock, "call_seconds": float("inf")})

    def kill(self) -> None:
        """End it as SIGKILL does: nothing of it runs any more, and its locks are released."""
        self.dead, self.ended = True, self.kernel.now
        self._note_files()
        _release(self.machine.home, self._files)

    def interrupt(self, number: int = signal.SIGINT) -> None:
        """Send it a signal; its handler runs when it next has its turn."""
        self._signals.append(number)
        self.kernel.wake(self)

    def enter(self) -> None:
        """Make the process-wide things those of this run."""
        if self.mortal:
            self._open_before = _descriptors()
        self._outside = sys.stdout, sys.stderr, signal.signal, signal.getsignal
        self._system = os.fsync, os._exit, threading.main_thread
        sys.stdout, sys.stderr = self.out, self.err
        signal.signal, signal.getsignal = self._handle, self._handler_of
        os.fsync, os._exit = self._fsync, self._exit
        threading.main_thread = lambda: self._thread or self._system[2]()

    def leave(self) -> None:
        """Give them back."""
        self._note_files()
        self._open_before = None
        sys.stdout, sys.stderr, signal.signal, signal.getsignal = self._outside
        os.fsync, os._exit, threading.main_thread = self._system

    def _note_files(self) -> None:
        """Which descriptors are this run's: others on its machine keep theirs when it is killed."""
        if not self.mortal:
            return
        now = _descriptors()
        opened = set() if self._open_before is None else now - self._open_before
        self._files = (self._files & now) | opened

    def meet_signals(self) -> None:
        """Run the handlers of the signals that came while it waited, as the interpreter does."""
        while self._signals and not self.dead:
            number = self._signals.pop(0)
            handler = self._handlers.get(number)
            if callable(handler):
                handler(number, None)
            else:
                raise KeyboardInterrupt(number)

    def _handle(self, number: int, handler: Handler) -> Handler:
        before = self._handlers.get(number, signal.SIG_DFL)
        self._handlers[number] = handler
        return before

    def _handler_of(self, number: int) -> Handler:
        return self._handlers.get(number, signal.SIG_DFL)

    def _exit(self, code: int) -> None:
        """A second signal: it stops at once, and nothing of it runs any more."""
        self.code = code
        self.kill()
        self.on_end(self)
        self.kernel.abandon()

    def _fsync(self, descriptor: int) -> None:
        del descriptor
        if self.machine.full:
            raise OSError(28, "No space left on device")


@lru_cache(maxsize=8)
def _subject(kubeconfig: str) -> dict[str, Any] | None:
    """The client certificate of a kubeconfig, as a server's TLS layer shows it."""
    users = yaml.load(kubeconfig, Loader=yaml.CSafeLoader)["users"]
    data = users[0]["user"].get("client-certificate-data")
    if not data:
        return None
    certificate = x509.load_pem_x509_certificate(base64.b64decode(data))
    names = {NameOID.ORGANIZATION_NAME: "organizationName", NameOID.COMMON_NAME: "commonName"}
    subject = tuple(
        ((names[part.oid], str(part.value)),) for part in certificate.subject if part.oid in names
    )
    return {"subject": subject}


def _descriptors() -> set[tuple[str, str]]:
    """Each number with what it opens: a number that another run gave back is soon another file."""
    found = set()
    for number in os.listdir("/proc/self/fd"):  # noqa: PTH208 -- called at each turn
        with contextlib.suppress(OSError):  # the listing's own
            found.add((number, os.readlink(f"/proc/self/fd/{number}")))  # noqa: PTH115 -- likewise
    return found


def _release(home: Path, files: set[tuple[str, str]]) -> None:
    """Point those descriptors below ``home`` at the null device: locks on them are released.

    The numbers stay taken, since the objects of the killed run would close those of somebody else.
    """
    null = os.open(os.devnull, os.O_RDWR)
    for number, target in files:
        if target.startswith(f"{home}/"):
            os.dup2(null, int(number))
    os.close(null)
