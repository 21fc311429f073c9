"""The emulated account's state: JSON documents in SQLite, one transaction a request.

Nothing is kept in memory between requests, so several processes may share one state file and a
``kill -9`` leaves no half-made resource: a request's changes are all there, or none is.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, overload

SCHEMA = """
CREATE TABLE IF NOT EXISTS doc (
    kind TEXT NOT NULL, id TEXT NOT NULL, region TEXT NOT NULL, scope TEXT NOT NULL,
    name TEXT NOT NULL, born REAL NOT NULL, gone REAL, body TEXT NOT NULL,
    PRIMARY KEY (kind, id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS doc_scope ON doc (kind, scope, born, id, gone);
CREATE INDEX IF NOT EXISTS doc_region ON doc (kind, region, born, id, gone);
CREATE INDEX IF NOT EXISTS doc_name ON doc (kind, name, born, id, gone);
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""

COLUMNS = "kind, id, region, scope, name, born, gone, body"


@dataclass
class Doc:
    """One resource. It exists from ``created_at`` until ``deleted_at``, in emulated seconds.

    Both may lie in the future: what a request sets in motion is written down at once, and becomes
    visible when its time has come. ``scope`` is the id of what it lives in (a vSwitch's VPC, a
    pool's cluster), for look-ups; ``body`` holds everything else, ``phases`` among it (see
    :mod:`ackgpu.emulator.shared.lifecycle`).
    """

    kind: str
    id: str
    region: str = ""
    scope: str = ""
    name: str = ""
    created_at: float = 0.0
    deleted_at: float | None = None
    body: dict[str, Any] = field(default_factory=dict)

    def alive(self, at: float) -> bool:
        """Whether it exists at ``at``."""
        return self.created_at <= at and (self.deleted_at is None or at < self.deleted_at)


class Rows(Sequence[Doc]):
    """Documents in the order of their birth, read from the file as they are looked at."""

    def __init__(self, connection: sqlite3.Connection, where: str, values: Sequence[Any]) -> None:
        self._connection, self._where, self._values = connection, where, values
        self._length: int | None = None

    def all(self) -> list[Doc]:
        """All of them."""
        return self._read("", [])

    def __len__(self) -> int:
        if self._length is None:
            query = f"SELECT count(*) FROM doc WHERE {self._where}"
            (self._length,) = self._connection.execute(query, self._values).fetchone()
        return int(self._length)

    def __iter__(self) -> Iterator[Doc]:
        return iter(self.all())

    @overload
    def __getitem__(self, index: int) -> Doc: ...
    @overload
    def __getitem__(self, index: slice) -> list[Doc]: ...
    def __getitem__(self, index: int | slice) -> Doc | list[Doc]:
        if isinstance(index, slice):
            start, stop, _ = index.indices(len(self))
            return self._read("LIMIT ? OFFSET ?", [max(0, stop - start), start])
        return self._read("LIMIT 1 OFFSET ?", [index])[0] if index >= 0 else self.all()[index]

    def _read(self, limit: str, bounds: list[int]) -> list[Doc]:
        # The id decides between two of one moment, so that pages are the same each time.
        query = f"SELECT {COLUMNS} FROM doc WHERE {self._where} ORDER BY born, id {limit}"
        return [_doc(row) for row in self._connection.execute(query, [*self._values, *bounds])]


class Transaction:
    """The documents as one transaction sees them."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def get(self, kind: str, doc_id: str) -> Doc | None:
        """The document, alive or not."""
        row = self._connection.execute(
            f"SELECT {COLUMNS} FROM doc WHERE kind = ? AND id = ?", (kind, doc_id)
        ).fetchone()
        return _doc(row) if row else None

    def find(  # noqa: PLR0913 -- every way to narrow it, by name
        self,
        kind: str,
        *,
        at: float | None = None,
        region: str | None = None,
        scope: str | None = None,
        name: str | None = None,
        ids: Sequence[str] = (),
    ) -> list[Doc]:
        """Documents of a kind in the order of their birth; only those alive ``at``, where given.

        ``ids``, where there are any, are looked up one by one: the cheapest way by far.
        """
        narrowed = {"scope": scope, "name": name, "region": region}
        return Rows(self._connection, *_where(kind, at, ids, narrowed)).all()

    def rows(
        self,
        kind: str,
        *,
        at: float,
        region: str | None = None,
        scope: str | None = None,
        ids: Sequence[str] = (),
    ) -> Rows:
        """The same, read only as far as it is looked at: of a slice, the slice."""
        narrowed = {"scope": scope, "region": region}
        return Rows(self._connection, *_where(kind, at, ids, narrowed))

    def count(
        self, kind: str, *, at: float, region: str | None = None, scope: str | None = None
    ) -> int:
        """How many documents of a kind are alive ``at``."""
        narrowed = {"scope": scope, "region": region}
        return len(Rows(self._connection, *_where(kind, at, (), narrowed)))

    def count_lasting(self, kind: str, *, at: float, region: str | None = None) -> int:
        """How many documents of a kind are alive ``at`` or will be born later, to live then."""
        where, values = _where(kind, None, (), {"region": region})
        lasting = f"{where} AND (gone IS NULL OR gone > max(?, born))"
        return len(Rows(self._connection, lasting, [*values, at]))

    def ends(self, kind: str, ids: Sequence[str]) -> dict[str, float | None]:
        """When each of the documents that there are goes, or None, without reading the rest."""
        rows = self._connection.execute(
            "SELECT id, gone FROM doc WHERE kind = ? AND id IN (SELECT value FROM json_each(?))",
            (kind, json.dumps(list(ids))),
        )
        return dict(rows.fetchall())

    def kinds(self, *, at: float) -> dict[str, int]:
        """How many documents of each kind are alive ``at``."""
        rows = self._connection.execute(
            "SELECT kind, count(*) FROM doc WHERE born <= ? AND (gone IS NULL OR gone > ?)"
            " GROUP BY kind ORDER BY kind",
            (at, at),
        )
        return {str(kind): int(number) for kind, number in rows}

    def put(self, doc: Doc) -> Doc:
        """Write the document, new or changed."""
        self._connection.execute(
            "INSERT OR REPLACE INTO doc VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                doc.kind, doc.id, doc.region, doc.scope, doc.name, doc.created_at, doc.deleted_at,
                json.dumps(doc.body, separators=(",", ":"), ensure_ascii=False),
            ),
        )  # fmt: skip
        return doc

    def remove(self, kind: str, doc_id: str) -> None:
        """Forget the document altogether (its traces too); deletion is setting ``gone``."""
        self._connection.execute("DELETE FROM doc WHERE kind = ? AND id = ?", (kind, doc_id))

    def forget_gone(self, kind: str, *, at: float, among: int) -> None:
        """Forget those that are gone ``at`` among the oldest documents of a kind without scope."""
        self._connection.execute(
            "DELETE FROM doc WHERE kind = ?1 AND gone <= ?2 AND id IN"
            " (SELECT id FROM doc WHERE kind = ?1 AND scope = '' ORDER BY born LIMIT ?3)",
            (kind, at, among),
        )

    def meta(self, key: str) -> str | None:
        """A setting of the account, such as its seed or its certificate authority."""
        row = self._connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return str(row[0]) if row else None

    def set_meta(self, key: str, value: str) -> None:
        """Keep a setting of the account."""
        self._connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))


class NoAccountError(OSError):
    """What is at ``path`` is no account: no emulator can go on from it."""

    def __init__(self, path: Path | None, why: str) -> None:
        super().__init__(f"{path} is no state of the emulator: {why}")
        self.path = path


class Store:
    """A state file, or memory where ``path`` is None. Used by one thread at a time.

    Raises NoAccountError where the file is none of ours, OSError where it cannot be opened.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        with ExitStack() as opening:
            try:
                self._connection = sqlite3.connect(
                    str(path) if path else ":memory:",
                    # Transactions are begun here: the module's
                    # own would begin one at each write only.
                    isolation_level=None,
                    check_same_thread=False,
                    timeout=30,
                )
                opening.callback(self._connection.close)
                self._connection.execute("PRAGMA journal_mode=WAL")
                # With WAL a kill loses nothing; only a power cut
                # may lose the last requests, which an emulator may.
                self._connection.execute("PRAGMA synchronous=NORMAL")
                self._connection.executescript(SCHEMA)
                if path is not None:
                    self._refuse_damage()
            except sqlite3.OperationalError as error:
                raise OSError(f"{path} cannot be opened: {error}") from error
            except sqlite3.DatabaseError as error:
                raise NoAccountError(path, str(error)) from error
            opening.pop_all()

    def _refuse_damage(self) -> None:
        """Raise NoAccountError where pages of the file, or documents in it, cannot be read.

        Found here it is one message; later it would be an error 500 at each request that comes upon
        it. For 20,000 documents it takes a tenth of a second.
        """
        (found,) = self._connection.execute("PRAGMA integrity_check(1)").fetchone()
        if found != "ok":
            raise NoAccountError(self.path, f"it is damaged ({' '.join(str(found).split())})")
        broken = self._connection.execute(
            "SELECT kind, id FROM doc WHERE NOT json_valid(body) LIMIT 1"
        ).fetchone()
        if broken is not None:
            raise NoAccountError(self.path, f"it is damaged ({' '.join(broken)} cannot be read)")

    @contextmanager
    def transaction(self, *, write: bool) -> Iterator[Transaction]:
        """One transaction: committed when the block ends well, undone when it raises."""
        # IMMEDIATE: two processes that both read first would otherwise refuse each other's write.
        self._connection.execute("BEGIN IMMEDIATE" if write else "BEGIN")
        try:
            yield Transaction(self._connection)
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:  # SQLite ends it by itself where the disk is full
                self._connection.execute("ROLLBACK")
            raise

    def reset(self) -> None:
        """Empty the account of resources and time; its certificate authority and such stay."""
        with self.transaction(write=True):
            self._connection.execute("DELETE FROM doc")
            # Its time may be what is wrong with the account (a speed that was no number).
            self._connection.execute("DELETE FROM meta WHERE key = 'timeline'")
            self._connection.execute("DELETE FROM meta WHERE key LIKE 'scenario.%'")

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


def _where(
    kind: str, at: float | None, ids: Sequence[str], narrowed: Mapping[str, str | None]
) -> tuple[str, list[Any]]:
    """A condition and its values. A ``+`` keeps SQLite from an index other than the narrowest."""
    clauses, values = ["kind = ?"], [kind]
    chosen = bool(ids)
    if ids:
        clauses.append("id IN (SELECT value FROM json_each(?))")
        values.append(json.dumps(list(ids)))
    for column, value in narrowed.items():
        if value is not None:
            clauses.append(f"{'+' if chosen else ''}{column} = ?")
            values.append(value)
            chosen = True
    if at is None:
        return " AND ".join(clauses), values
    born = "+born" if ids else "born"
    clauses.append(f"{born} <= ? AND (gone IS NULL OR gone > ?)")
    return " AND ".join(clauses), [*values, at, at]


def _doc(row: tuple[Any, ...]) -> Doc:
    kind, doc_id, region, scope, name, born, gone, body = row
    return Doc(kind, doc_id, region, scope, name, born, gone, json.loads(body))
