"""The journal: what it keeps over a crash, and what it says when it cannot."""

from __future__ import annotations

import json
import os
import resource
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ackgpu.clock import ManualClock
from ackgpu.engine.journal import Journal
from ackgpu.errors import LocalError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "clusters" / "demo" / "journal.jsonl"


def test_another_process_sees_the_run_the_intents_and_the_notes(
    path: Path, clock: ManualClock
) -> None:
    journal = Journal(path, clock)
    journal.begin("create", "run-1", region="cn-hangzhou")
    journal.intent("vpc", "token")
    journal.note("snat", "id", "snat-1")
    journal.close()
    again = Journal(path, clock)
    assert (again.run, again.verb, again.finished) == ("run-1", "create", False)
    assert again.facts == {"region": "cn-hangzhou"}
    assert again.requested_at("vpc") == clock.now()
    assert again.recall("snat", "id") == "snat-1"


def test_nothing_is_written_before_it_begins(path: Path, clock: ManualClock) -> None:
    Journal(path, clock)
    assert not path.exists()


def test_a_torn_last_line_is_ignored_and_not_continued(path: Path, clock: ManualClock) -> None:
    journal = Journal(path, clock)
    journal.begin("create", "run-1")
    journal.close()
    with path.open("a") as file:
        file.write('{"type": "intent", "st')
    again = Journal(path, clock)
    again.intent("vpc", "token")
    again.close()
    assert Journal(path, clock).requested_at("vpc") is not None


def test_what_was_asked_for_with_a_clock_that_went_ahead_was_asked_for_just_now(
    path: Path,
) -> None:
    ahead, clock = ManualClock(), ManualClock(datetime(2026, 10, 1, tzinfo=UTC))
    journal = Journal(path, ahead)
    journal.intent("vpc", "token")
    journal.close()
    clock.advance(100)
    again = Journal(path, clock)
    clock.advance(20)
    assert again.requested_at("vpc") == again.last_requested() == 100


NO_RECORDS = (
    b"null", b"42", b"[]", b'"x"', b"{}", b"\xff\xfe\x00\x00", b"\0" * 200, b"[" * 100_000,
    b'{"type":["begin"]}', b'{"type":"begin"}', b'{"type":"finish"}', b'{"type":"finish","ok":1}',
    b'{"type":"begin","verb":"create","run":"x","facts":[1]}',
    b'{"type":"begin","verb":"create","run":7,"facts":{}}',
    b'{"type":"intent","step":"vpc"}', b'{"type":"intent","step":"vpc","wall":"yesterday"}',
    b'{"type":"intent","step":"vpc","wall":"2026-11-24T10:00:00"}',
    b'{"type":"intent","step":{},"wall":"2026-11-24T10:00:00+00:00"}',
    b'{"type":"note","step":"vpc"}', b'{"type":"note","step":"vpc","key":"id","value":[]}',
    b'{"type":"deleted","step":[]}', b'{"type":"refused"}',
)  # fmt: skip


@pytest.mark.parametrize("line", NO_RECORDS, ids=lambda line: ascii(line)[:60])
def test_a_line_that_is_no_record_is_ignored(path: Path, clock: ManualClock, line: bytes) -> None:
    journal = Journal(path, clock)
    journal.begin("create", "run-1", region="cn-hangzhou")
    journal.intent("vpc", "token")
    journal.note("snat", "id", "snat-1")
    journal.close()
    path.write_bytes(line + b"\n" + path.read_bytes() + line + b"\n")
    again = Journal(path, clock)
    assert (again.run, again.verb, again.finished) == ("run-1", "create", False)
    assert again.facts == {"region": "cn-hangzhou"}
    assert again.requested_at("vpc") is not None
    assert again.recall("snat", "id") == "snat-1"


def test_what_is_gone_and_what_was_refused_was_not_asked_for(
    path: Path, clock: ManualClock
) -> None:
    journal = Journal(path, clock)
    for step in ("vpc", "nat"):
        journal.intent(step, "token")
    journal.note("vpc", "id", "x")
    journal.deleted("vpc")
    journal.refused("nat")
    journal.close()
    again = Journal(path, clock)
    assert again.last_requested() is None
    assert again.recall("vpc", "id") is None


def test_it_is_readable_by_its_owner_alone(path: Path, clock: ManualClock) -> None:
    journal = Journal(path, clock)
    journal.begin("create", "run-1")
    assert path.stat().st_mode & 0o777 == 0o600
    journal.discard()
    assert not path.exists()


def test_what_several_threads_note_at_once_is_all_there(path: Path, clock: ManualClock) -> None:
    journal = Journal(path, clock)
    start = threading.Barrier(8)

    def note(thread: int) -> None:
        start.wait()
        for number in range(25):
            journal.note(f"step {thread}-{number}", "task", f"T-{thread}-{number}")

    threads = [threading.Thread(target=note, args=(thread,)) for thread in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    journal.close()
    expected = {f"step {t}-{n}": f"T-{t}-{n}" for t in range(8) for n in range(25)}
    assert Journal(path, clock).recall_all("task") == expected
    assert len(path.read_text().splitlines()) == len(expected)


def test_one_that_cannot_be_removed_stays(path: Path, clock: ManualClock) -> None:
    journal = Journal(path, clock)
    path.mkdir(parents=True)
    journal.discard()
    assert path.exists()


def test_each_line_is_one_object_with_its_instant(path: Path, clock: ManualClock) -> None:
    journal = Journal(path, clock)
    journal.begin("create", "run-1")
    journal.finish(ok=True)
    journal.close()
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["type"] for line in lines] == ["begin", "finish"]
    assert all(line["wall"] == clock.wall().isoformat() for line in lines)


def test_a_journal_that_cannot_be_written_is_an_error_of_this_machine(
    tmp_path: Path, clock: ManualClock
) -> None:
    (tmp_path / "file").write_text("")
    journal = Journal(tmp_path / "file" / "journal.jsonl", clock)
    with pytest.raises(LocalError, match="cannot be used"):
        journal.begin("create", "run-1")


@pytest.mark.parametrize("kind", ["fifo", "device", "directory"])
def test_what_is_no_regular_file_is_refused_and_not_waited_for(
    path: Path, clock: ManualClock, kind: str
) -> None:
    path.parent.mkdir(parents=True)
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/null")
    else:
        path.mkdir()
    with pytest.raises(LocalError, match="it is not a regular file") as caught:
        Journal(path, clock)
    assert str(path) in caught.value.message


@pytest.fixture
def full_disk() -> Iterator[None]:
    """No file of this process can hold more than a few bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.usefixtures("full_disk")
def test_a_full_disk_is_an_error_of_this_machine(path: Path, clock: ManualClock) -> None:
    journal = Journal(path, clock)
    with pytest.raises(LocalError, match="File too large"):
        journal.begin("create", "run-1")
    with pytest.raises(LocalError, match="File too large"):
        journal.intent("vpc", "token")
    journal.close()


@pytest.mark.usefixtures("full_disk")
def test_what_is_learnt_is_kept_in_memory_where_the_disk_is_full(
    path: Path, clock: ManualClock
) -> None:
    journal = Journal(path, clock)
    journal.note("cluster", "id", "c-1")
    journal.created("cluster")
    journal.finish(ok=False)
    assert journal.recall("cluster", "id") == "c-1"
    assert journal.finished is False
    journal.close()
