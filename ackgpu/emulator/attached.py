"""An emulator that another process serves, found by the note beside its state file."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from ackgpu.emulator.account import ACCESS_KEY_ID, ACCESS_KEY_SECRET, REGION

PATIENCE = 2.0


@dataclass(frozen=True)
class Attached:
    """A live server's address. Leaving the context does not stop the server."""

    endpoint: str
    kube_endpoint: str
    speed: float
    access_key_id: str = ACCESS_KEY_ID
    access_key_secret: str = ACCESS_KEY_SECRET
    region: str = REGION

    @property
    def env(self) -> dict[str, str]:
        """What to export so that ackgpu, or any SDK, uses this emulator."""
        return environment(self.endpoint, self.speed)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing was started, so nothing is stopped."""


def environment(endpoint: str, speed: float) -> dict[str, str]:
    """The variables that lead ackgpu and the SDKs to an emulator."""
    return {
        "ACKGPU_ENDPOINT_URL": endpoint,
        "ACKGPU_CLOCK_SPEED": f"{speed:g}",
        "ALIBABA_CLOUD_ACCESS_KEY_ID": ACCESS_KEY_ID,
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": ACCESS_KEY_SECRET,
        "ALIBABA_CLOUD_REGION_ID": REGION,
        "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true",
    }


def note_of(state_file: Path, process: int | str) -> Path:
    """Where the process of that id, if it serves a state file, leaves its address."""
    return state_file.with_suffix(f".server-{process}.json")


def notes_of(state_file: Path) -> list[Path]:
    """The notes that there are, also of processes that were killed."""
    return sorted(state_file.parent.glob(note_of(state_file, "*").name))


def clear_notes(state_file: Path, endpoint: str) -> None:
    """Remove the notes of servers that are no more; ``endpoint`` is a new one's, free before."""
    for note in notes_of(state_file):
        live = _follow(note, state_file)
        if live is None or live.endpoint == endpoint:
            note.unlink(missing_ok=True)


def live_processes(state_file: Path) -> dict[int, Attached]:
    """The servers that have ``state_file`` open and answer, by their process ids."""
    found = {}
    for note in notes_of(state_file):
        live = _follow(note, state_file)
        process = note.stem.rpartition("-")[2]
        if live is not None and process.isdecimal():
            found[int(process)] = live
    return found


def find_live(state_file: Path) -> Attached | None:
    """A server that has ``state_file`` open, if there is one and it answers."""
    found = (_follow(note, state_file) for note in notes_of(state_file))
    return next((live for live in found if live is not None), None)


def _follow(path: Path, state_file: Path) -> Attached | None:
    try:
        note = json.loads(path.read_text("utf-8"))
        endpoint = str(note["endpoint"])
        status = ask(endpoint, "GET", "/_emulator/status")
    except (OSError, ValueError, KeyError, TypeError, http.client.HTTPException):
        return None
    if status.get("state") != str(state_file.absolute()):
        return None
    return Attached(endpoint, str(status["kubeEndpoint"]), float(status["speed"]))


def ask(endpoint: str, method: str, path: str) -> dict[str, Any]:
    """Call an emulator's control API; OSError where nobody answers, ValueError for nonsense."""
    address = urlsplit(endpoint)
    if address.hostname != "127.0.0.1":
        raise ValueError(f"{endpoint} is not on loopback")
    connection = http.client.HTTPConnection(address.hostname, address.port or 80, timeout=PATIENCE)
    try:
        connection.request(method, path)
        response = connection.getresponse()
        body = json.loads(response.read())
    finally:
        connection.close()
    if not isinstance(body, dict):
        raise ValueError(f"{endpoint}{path} answered no JSON object")  # noqa: TRY004 -- bad data
    return body
