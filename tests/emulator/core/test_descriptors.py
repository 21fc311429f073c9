"""An emulator that runs out of descriptors, or loses its listener: it serves again, or it ends."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

DESCRIPTORS = 64
SERVE = f'ulimit -n {DESCRIPTORS} && exec "$0" -m ackgpu emulator serve --state "$1"'
SABOTAGE = """
import io, json, os, socket, sys, threading
from pathlib import Path
from ackgpu.emulator.serve import serve

class Saboteur(io.StringIO):
    # Shuts the listening socket down as soon as its port is announced, and waits for the end of
    # the server's thread: whoever serves has not asked yet to be told of it.
    def write(self, line):
        port = int(json.loads(line)["endpoint"].rpartition(":")[2])
        for number in range(3, 200):
            try:
                found = socket.socket(fileno=os.dup(number))
                listening = found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
                if listening and found.getsockname()[1] == port:
                    found.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
        for thread in threading.enumerate():
            if thread.name == "ackgpu-emulator":
                thread.join()
        return len(line)

serve(Path(sys.argv[1]), stdout=Saboteur())
"""


@contextmanager
def served(state: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """``emulator serve`` in a process with few descriptors, and its endpoint."""
    process = subprocess.Popen(
        ["sh", "-c", SERVE, sys.executable, str(state / "account")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield process, str(json.loads(process.stdout.readline())["endpoint"])
    finally:
        process.terminate()
        process.communicate(timeout=30)


def status(endpoint: str) -> int:
    """The HTTP status of a request that needs no signature."""
    parts = urlsplit(endpoint)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)
    try:
        connection.request("GET", "/_emulator/status")
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.mark.long
def test_it_serves_again_after_more_connections_than_descriptors(tmp_path: Path) -> None:
    with served(tmp_path) as (process, endpoint):
        address = (urlsplit(endpoint).hostname or "", urlsplit(endpoint).port or 0)
        with ExitStack() as idle:
            crowd = [
                idle.enter_context(socket.create_connection(address, timeout=20))
                for _ in range(2 * DESCRIPTORS)
            ]
            assert crowd[-1].recv(1) == b"", "what there is no descriptor for is closed at once"
        assert status(endpoint) == 200
        process.terminate()
        _, said = process.communicate(timeout=30)
    assert "Connections are closed unanswered: Too many open files" in said
    assert process.returncode == 0


def test_it_ends_when_its_listener_is_gone(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SABOTAGE, str(tmp_path / "account")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "The emulator can no longer serve: [Errno 22] Invalid argument" in done.stderr
    assert not list(tmp_path.glob("account/*.server-*.json")), "no note leads a client to it"
