"""Reads that are made once where several ask at the same moment.

Preflight, the survey and the steps each ask for what they need and know nothing of one another, so
that the same list is asked for several times within one look. What was read less than a look ago
is given to whoever asks next, and so are the rows of a list to whoever asks for them by id; a
catalogue that does not change within a run (regions, versions) for longer. Any write of the account
ends that: what follows it sees its effect.

An answer that contradicts itself is read anew below this (:mod:`ackgpu.cloud.aliyun.pages`), and
two looks of a wait are at least a second apart, so that neither is ever answered from here.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from ackgpu.clock import Clock

M = TypeVar("M", bound=Callable[..., Any])

A_LOOK = 0.8
"""Cloud seconds; the engine's shortest pause between two looks is one."""
A_RUN = 30.0
"""Cloud seconds, for what the cloud sells and not for what stands in it."""

Key = tuple[str, str]


class SharedReads:
    """The latest answers of an account. Safe for several threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._answers: dict[Key, tuple[float, Any]] = {}
        self._writes = 0

    def read(self, kind: str, asked_for: Mapping[str, Any], seconds: float, call: Any) -> Any:
        """What ``call`` returns, or what was returned less than ``seconds`` ago.

        ``kind`` says what is read and where. An answer is as old as its question. What raises is
        not remembered.
        """
        # The age of the question: what changed while the answer was on its way may not be in it.
        asked, key = self._clock.now(), (kind, repr(sorted(asked_for.items())))
        with self._lock:
            found = self._young([key], asked - seconds)
            # Only a read by ids and nothing else: a list
            # that is filtered in other ways may lack rows.
            if found is None and asked_for.keys() == {"ids"}:
                rows = [_row(kind, each) for each in asked_for["ids"]]
                together = self._young(rows, asked - seconds) if rows else None
                found = None if together is None else [together]
            writes = self._writes
        if found is not None:
            return found[0]
        # Outside of the lock: calls take seconds, and other reads of the account go on meanwhile.
        # Two threads may so ask the same at once, which costs a call and nothing else.
        answer = call()
        with self._lock:
            # A write began or ended while this was read: the answer may be from before it.
            if writes == self._writes:
                self._answers[key] = (asked, answer)
                rows = answer if isinstance(answer, list) else []
                for row in rows:
                    self._answers[_row(kind, getattr(row, "id", ""))] = (asked, row)
        return answer

    def forget(self) -> None:
        """Something was written: no answer from before it is good any more."""
        with self._lock:
            self._writes += 1
            self._answers.clear()

    def _young(self, keys: list[Key], since: float) -> list[Any] | None:
        """The answers under the keys, if all are there and none is older."""
        found = [self._answers.get(key) for key in keys]
        young = [answer[1] for answer in found if answer is not None and answer[0] >= since]
        return young if len(young) == len(keys) else None


def shared_for(seconds: float) -> Callable[[M], M]:
    """Let a read of an adapter be shared for so many cloud seconds; a list is copied."""

    def decorate(method: M) -> M:
        @functools.wraps(method)
        def read(self: Any, *args: Any, **kwargs: Any) -> Any:
            calls = self._calls  # every adapter's
            reads: SharedReads | None = calls.shared
            if reads is None:
                return method(self, *args, **kwargs)
            given = {str(index): value for index, value in enumerate(args)} | kwargs
            asked_for = {name: value for name, value in given.items() if value}
            kind = f"{calls.product} {method.__qualname__} {calls.region}"
            found = reads.read(kind, asked_for, seconds, lambda: method(self, *args, **kwargs))
            # Rows are frozen records, a list is not: one caller's sorting must not reach another's.
            return found.copy() if isinstance(found, list) else found

        return cast("M", read)

    return decorate


def _row(kind: str, row_id: str) -> Key:
    return f"{kind} row", row_id
