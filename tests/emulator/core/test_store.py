"""The state file when the disk does not take what is to be written."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from ackgpu.emulator.store import Doc, Store


def test_a_full_disk_is_said_and_the_account_goes_on(tmp_path: Path) -> None:
    store = Store(tmp_path / "state")
    with store.transaction(write=True) as session:
        session.put(Doc("vpc", "vpc-1", created_at=0.0))
    pages = store._connection.execute("PRAGMA page_count").fetchone()[0]
    store._connection.execute(f"PRAGMA max_page_count = {pages}")
    with (
        pytest.raises(sqlite3.OperationalError, match="disk is full"),
        store.transaction(write=True) as session,
    ):
        session.put(Doc("vpc", "vpc-2", created_at=0.0, body={"Description": "x" * 1_000_000}))
    with store.transaction(write=False) as session:
        assert [doc.id for doc in session.find("vpc")] == ["vpc-1"]
    store.close()
