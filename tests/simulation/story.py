"""One user's shell on a fresh account, with nobody to disturb it: the same words, each time."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
from simulation.kernel import Kernel
from simulation.machine import Machine, Process
from simulation.wires import connected
from simulation.world import ENDPOINT, KUBE_ENDPOINT, World

SEED = 7


@dataclass(frozen=True)
class Said:
    """What a command printed, and its exit code. ``both``: the two streams as they mix."""

    out: str
    both: str
    code: int


class _Stream(io.StringIO):
    """A stream of a command that writes to a second place as well, and takes all signs."""

    encoding = "utf-8"

    def __init__(self, both: io.StringIO, *, terminal: bool) -> None:
        super().__init__()
        self._both = both
        self._terminal = terminal

    def isatty(self) -> bool:
        """Whether it is a terminal, which then has 80 columns."""
        return self._terminal

    def write(self, text: str) -> int:
        """Keep it twice."""
        self._both.write(text)
        return super().write(text)


class Story:
    """The account and the machine of a page."""

    def __init__(self, world: World, kernel: Kernel, home: Path) -> None:
        self._world, self._kernel = world, kernel
        key, secret = _keys(world)
        env = {
            "ACKGPU_ENDPOINT_URL": ENDPOINT,
            "ACKGPU_ACCESS_KEY_ID": key,
            "ACKGPU_ACCESS_KEY_SECRET": secret,
            "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true",
        }
        self._home = home
        self._machine = Machine("laptop", home, env)
        self._commands = 0
        self._admin: object = None  # the certificate with which it last reached a cluster

    def run(self, *words: str, terminal: bool = False) -> Said:
        """Carry out one command of ackgpu. Raises what it crashed with."""
        self._commands += 1
        process = Process(self._kernel, self._machine, words, SEED + self._commands)
        both = io.StringIO()
        process.out, process.err = (_Stream(both, terminal=terminal) for _ in range(2))
        process.start()
        self._kernel.run(until=self._kernel.now + 6 * 3600)
        self._admin = process.certificate or self._admin
        if process.crash is not None:
            raise process.crash
        if process.code is None:
            raise RuntimeError(f"{process} does not end")
        return Said(self._at_home(process.out), self._at_home(both), process.code)

    def label(self, node: str, name: str, value: str) -> None:
        """Set a label of a node, as kubectl does."""
        request = httpx2.Request(
            "PATCH",
            f"{KUBE_ENDPOINT}/api/v1/nodes/{node}",
            headers={"Content-Type": "application/merge-patch+json"},
            content=json.dumps({"metadata": {"labels": {name: value}}}),
        )
        answers: list[int] = []
        _Errand(
            self._kernel, lambda: answers.append(self._world.kube(request, self._admin).status_code)
        )
        self._kernel.run(until=self._kernel.now + 60)
        if answers != [200]:
            raise RuntimeError(f"the label was not set: {answers}")

    def _at_home(self, stream: io.StringIO) -> str:
        return stream.getvalue().replace(str(self._home), "~")


class _Errand:
    """Something that is done in a turn of its own."""

    dead = False

    def __init__(self, kernel: Kernel, work: Callable[[], object]) -> None:
        kernel.spawn(self, work)

    def enter(self) -> None:
        """Nothing of the process is its own."""

    def leave(self) -> None:
        """Nothing was taken."""

    def meet_signals(self) -> None:
        """None are sent to it."""


def _keys(world: World) -> tuple[str, str]:
    world.do("ram", "CreateUser", UserName="you")
    made = world.do("ram", "CreateAccessKey", UserName="you")["AccessKey"]
    return made["AccessKeyId"], made["AccessKeySecret"]


@contextmanager
def story(home: Path) -> Iterator[Story]:
    """A shell on a fresh account, for as long as the block lasts."""
    kernel = Kernel()
    world = World(kernel, SEED, {"faults": []})
    try:
        with connected(world, lambda: getattr(kernel.current, "certificate", None)):
            yield Story(world, kernel, home)
    finally:
        world.close()
