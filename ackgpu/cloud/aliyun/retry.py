"""The one place that repeats a call that failed and may pass.

Waiting for the cloud to get somewhere is not retrying: that is the engine's
(:class:`~ackgpu.errors.NotYet`). Only :class:`~ackgpu.errors.Transient` is repeated here, and only
where a repeat does no harm. The SDK's own retries stay off, or attempts would multiply.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TypeVar

from tenacity import RetryCallState, Retrying

from ackgpu.cancel import CancelToken
from ackgpu.clock import Clock
from ackgpu.errors import LostReply, Throttled, Transient

T = TypeVar("T")

_FIRST_BACKOFF = 0.5
_LONGEST_BACKOFF = 8.0
_MOST_ATTEMPTS = 5
_BUDGET = 30.0
_CANCEL_LOOKED_AT = 0.25


class Retrier:
    """Repeats calls with full jitter, five attempts at most, within 30 real seconds.

    Backoffs are real seconds also against an emulator that runs fast, since what they give room to
    is a real service and a real network. Safe to use from several threads.
    """

    def __init__(self, clock: Clock, cancel: CancelToken, rng: random.Random) -> None:
        self._clock = clock
        self._cancel = cancel
        self._rng = rng

    def run(self, call: Callable[[], T], *, idempotent: bool) -> T:
        """The call's result. The error of the last attempt is raised as it is.

        A call that is not ``idempotent`` is repeated only where the cloud did not carry it out:
        never after :class:`~ackgpu.errors.LostReply`. Asked to stop, it ends the wait and raises.
        """
        began = self._seconds()
        failure: Transient | None = None

        def attempt() -> T:
            nonlocal failure
            if failure is not None and self._cancel.requested:
                raise failure
            try:
                return call()
            except Transient as error:
                failure = error
                raise

        def gives_up(state: RetryCallState) -> bool:
            wait = state.upcoming_sleep
            spent = self._seconds() - began + wait > _BUDGET
            return self._cancel.requested or state.attempt_number >= _MOST_ATTEMPTS or spent

        retrying = Retrying(
            retry=lambda state: _may_repeat(_error(state), idempotent=idempotent),
            wait=self._backoff,
            stop=gives_up,
            sleep=self._sleep,
            reraise=True,
        )
        result: T = retrying(attempt)
        return result

    def _seconds(self) -> float:
        return self._clock.now() / self._clock.speed

    def _backoff(self, state: RetryCallState) -> float:
        error = _error(state)
        asked = error.retry_after if isinstance(error, Throttled) else None
        if asked is not None:  # a little later than asked: others were told the same instant
            return asked + self._rng.uniform(0.0, _FIRST_BACKOFF)
        ceiling = min(_LONGEST_BACKOFF, _FIRST_BACKOFF * 2.0**state.attempt_number)
        return self._rng.uniform(0.0, ceiling)

    def _sleep(self, seconds: float) -> None:
        until = self._seconds() + seconds
        while not self._cancel.requested and (left := until - self._seconds()) > 0:
            self._clock.sleep(min(left, _CANCEL_LOOKED_AT) * self._clock.speed)


def _error(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None


def _may_repeat(error: BaseException | None, *, idempotent: bool) -> bool:
    if not isinstance(error, Transient):
        return False
    return idempotent or not isinstance(error, LostReply)
