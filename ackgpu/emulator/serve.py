"""``ackgpu emulator serve``: the emulator in the foreground, until it is told to stop."""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from ackgpu.emulator.attached import clear_notes, note_of

if TYPE_CHECKING:
    from ackgpu.emulator.front import Emulator

STOPS = (signal.SIGINT, signal.SIGTERM)
ROOTS = ("SSL_CERT_FILE", "SSL_CERT_DIR")
"""Where OpenSSL looks for root certificates: its manual, SSL_CTX_set_default_verify_paths."""


def serve(state: Path | None = None, *, stdout: TextIO | None = None, **options: Any) -> None:
    """Serve until SIGTERM or SIGINT. ``options`` are those of :class:`Emulator`.

    Once connections are accepted, one line of JSON with the addresses and keys goes to ``stdout``.
    While it runs, a note beside the state file leads other processes here; of several that serve
    one state, each has its own. Raises what :class:`Emulator` raises, and OSError if the emulator
    can serve no longer.
    """
    with _without_roots():
        from ackgpu.emulator.front import FILE, Emulator

    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(levelname)s %(message)s")
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)  # the server's thread inherits it
    try:
        with Emulator(state, **options) as emulator:
            note = note_of(state / FILE, os.getpid()) if state else None
            line = json.dumps(announcement(emulator))
            if state and note:
                # Notes of servers that were killed; their process ids may be others' by now.
                clear_notes(state / FILE, emulator.endpoint)
                _leave(note, line)
            out = stdout or sys.stdout
            out.write(line + "\n")
            # Whoever started it waits for this line on a pipe.
            out.flush()
            emulator.when_it_fails(_end_the_wait)
            signal.sigwait(STOPS)
            if note:
                note.unlink(missing_ok=True)
            if emulator.failure is not None:
                raise OSError(str(emulator.failure)) from emulator.failure
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)


@contextmanager
def _without_roots() -> Iterator[None]:
    """Have no root certificates read: aiohttp reads them for its client, which nobody here uses.

    They would take a quarter of the time to the first answer.
    """
    kept = {name: os.environ.get(name) for name in ROOTS}
    os.environ.update(dict.fromkeys(ROOTS, os.devnull))
    try:
        yield
    finally:
        for name, value in kept.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _end_the_wait() -> None:
    """Wake the main thread: it waits for a signal, which every thread blocks."""
    os.kill(os.getpid(), signal.SIGTERM)


def announcement(emulator: Emulator) -> dict[str, Any]:
    """What a client needs to know to use the emulator."""
    return {
        "endpoint": emulator.endpoint,
        "kubeEndpoint": emulator.kube_endpoint,
        "accessKeyId": emulator.access_key_id,
        "accessKeySecret": emulator.access_key_secret,
        "region": emulator.region,
        "speed": emulator.speed,
        "env": emulator.env,
    }


def _leave(note: Path, line: str) -> None:
    temporary = note.with_suffix(".new")
    temporary.write_text(line, "utf-8")
    # Whole or not at all: another process may read it at any moment.
    temporary.replace(note)
