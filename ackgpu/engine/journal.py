"""The write-ahead journal: what is requested, written before it is requested.

It is not the state, which is in the cloud's tags: a lost journal loses nothing that is tagged. It
keeps what tags cannot: when a thing was asked for (reads lag behind), the run whose client tokens
a repeat must use, and the ids of what carries no tags (SNAT entries).

What a request stands on is written before it, or the request is not made (LocalError). What is
learnt of it afterwards is written where that is possible.

One JSON object a line, appended and fsynced. What is no record that is written here (a line torn by
a crash, a disk's garbage) is ignored.
"""

from __future__ import annotations

import json
import os
import threading
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO, TypeGuard

from ackgpu.clock import Clock
from ackgpu.errors import LocalError
from ackgpu.private_file import append_private
from ackgpu.redaction import redacted


class Journal:
    """The journal of one cluster. ``path`` None keeps it in memory.

    Safe to use from several threads: steps note what they learn from within their calls. Raises
    LocalError where there is something at ``path`` that cannot be read, or is no file.
    """

    def __init__(self, path: Path | None, clock: Clock) -> None:
        self.path = path
        self._clock = clock
        self._file: TextIO | None = None
        self._lock = threading.Lock()
        self._requested: dict[str, float] = {}
        self._notes: dict[str, dict[str, str]] = {}
        self.run = ""
        self.verb = ""
        self.finished = True
        self.facts: dict[str, str] = {}
        if path is not None:
            self._load(path)

    def begin(self, verb: str, run: str, **facts: str) -> None:
        """A run begins. ``facts`` (cluster id, region…) are kept for later commands.

        Raises LocalError where it cannot be written.
        """
        self._append({"type": "begin", "verb": verb, "run": run, "facts": facts})

    def finish(self, *, ok: bool) -> None:
        """The run is over; ``ok`` says whether nothing is left to be done."""
        self._append_if_possible({"type": "finish", "ok": ok})

    def intent(self, step: str, token: str) -> None:
        """``step`` is about to be requested with ``token``. Raises LocalError as begin does."""
        # Raises, unlike what is learnt later: without it on disk the request must not be made.
        self._append({"type": "intent", "step": step, "token": token})

    def created(self, step: str) -> None:
        """The cloud accepted."""
        self._append_if_possible({"type": "created", "step": step})

    def refused(self, step: str) -> None:
        """The cloud refused, so nothing was made: an absence may be believed at once."""
        self._append_if_possible({"type": "refused", "step": step})

    def deleted(self, step: str) -> None:
        """It was read back as gone."""
        # A deletion needs no journal (docs/reliability.md):
        # a full disk must not keep it from ending.
        self._append_if_possible({"type": "deleted", "step": step})

    def note(self, step: str, key: str, value: str) -> None:
        """Keep a word for a step."""
        # Each look notes its words again; only news is worth an fsync.
        if self._notes.get(step, {}).get(key) != value:
            record = {"type": "note", "step": step, "key": key, "value": value}
            self._append_if_possible(record)

    def recall(self, step: str, key: str) -> str | None:
        """A word kept for a step."""
        return self._notes.get(step, {}).get(key)

    def recall_all(self, key: str) -> dict[str, str]:
        """The words kept under ``key``, by step."""
        with self._lock:
            return {step: notes[key] for step, notes in self._notes.items() if key in notes}

    def requested_at(self, step: str) -> float | None:
        """When ``step`` was last requested, unless it was read back as gone since.

        On the clock's own scale, as :meth:`~ackgpu.clock.Clock.now` is: it never lies ahead, and
        nothing that happens to the wall clock during a run changes it.
        """
        return self._requested.get(step)

    def last_requested(self) -> float | None:
        """When anything was last requested that was not read back as gone since."""
        return max(self._requested.values(), default=None)

    def close(self) -> None:
        """Close the file; what could not be written is given up."""
        if self._file is not None:
            with suppress(OSError):
                self._file.close()
            self._file = None

    def discard(self) -> None:
        """Remove the file: the cluster is gone, and read back as gone.

        One that cannot be removed stays: it costs a later run some care, and nothing else.
        """
        self.close()
        if self.path is not None:
            with suppress(OSError):
                self.path.unlink(missing_ok=True)

    def _load(self, path: Path) -> None:
        try:
            lines = _lines(path)
        except OSError as error:
            raise _unusable(path, error) from error
        for record in map(_read, lines):
            if _is_record(record):
                self._apply(record)

    def _append(self, record: dict[str, Any]) -> None:
        record = {"wall": self._clock.wall().isoformat(), **record}
        with self._lock:
            if self.path is not None:
                try:
                    self._write(self.path, redacted(json.dumps(record, ensure_ascii=False)))
                except OSError as error:
                    raise _unusable(self.path, error) from error
            self._apply(record)

    def _append_if_possible(self, record: dict[str, Any]) -> None:
        try:
            self._append(record)
        except LocalError:
            with self._lock:
                self._apply(record)

    def _write(self, path: Path, line: str) -> None:
        if self._file is None:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            torn = _is_torn(path)
            self._file = append_private(path)
            # A record that follows half a line on the same line would be lost with it.
            if torn:
                self._file.write("\n")
        self._file.write(line + "\n")
        self._file.flush()
        # Not only flushed: the intent has to survive a machine that loses power during the request.
        os.fsync(self._file.fileno())

    def _apply(self, record: dict[str, Any]) -> None:
        step = record.get("step", "")
        match record.get("type"):
            case "begin":
                self.verb, self.run, self.finished = record["verb"], record["run"], False
                self.facts |= record.get("facts", {})
            case "finish":
                self.finished = record["ok"]
            case "intent":
                # The wall clock may have been set back since it was written.
                ago = max(0.0, self._clock.since(datetime.fromisoformat(record["wall"])))
                self._requested[step] = self._clock.now() - ago
            case "refused":
                self._requested.pop(step, None)
            case "deleted":
                # Its notes go too: ids of what is gone would lead the next create astray.
                self._requested.pop(step, None)
                self._notes.pop(step, None)
            case "note":
                self._notes.setdefault(step, {})[record["key"]] = record["value"]


def _lines(path: Path) -> list[bytes]:
    """The lines of the file; none where there is none."""
    if not path.exists():
        return []
    if not path.is_file():  # to open a FIFO may wait for ever
        raise LocalError(
            f"The journal {path} cannot be used: it is not a regular file.",
            resolution="Remove it, or point ACKGPU_STATE_DIR at another directory.",
        )
    return path.read_bytes().splitlines()


def _read(line: bytes) -> Any:
    """What stands in a line; None where it is no JSON in UTF-8."""
    try:
        return json.loads(line.decode())
    except (ValueError, RecursionError):
        return None


def _is_record(found: Any) -> TypeGuard[dict[str, Any]]:
    """Whether ``found`` is a record as this module writes them, as far as it is read again."""
    match found:
        case {"type": "begin", "verb": str(), "run": str()}:
            facts = found.get("facts", {})
            return isinstance(facts, dict) and all(isinstance(v, str) for v in facts.values())
        case {"type": "finish", "ok": bool()}:
            return True
        case {"type": "intent", "step": str(), "wall": str(wall)}:
            return _is_instant(wall)
        case {"type": "refused" | "deleted", "step": str()}:
            return True
        case {"type": "note", "step": str(), "key": str(), "value": str()}:
            return True
        case _:
            return False


def _is_instant(text: str) -> bool:
    """Whether it is a time with its offset from UTC."""
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _is_torn(path: Path) -> bool:
    """Whether the file's last line was cut off by a crash."""
    if not path.exists() or not path.stat().st_size:
        return False
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) != b"\n"


def _unusable(path: Path, error: OSError) -> LocalError:
    return LocalError(
        f"The journal {path} cannot be used: {error.strerror or error}.",
        resolution="Free some space or point ACKGPU_STATE_DIR at a directory that can be written;"
        " without a journal ackgpu asks the cloud for nothing.",
    )
