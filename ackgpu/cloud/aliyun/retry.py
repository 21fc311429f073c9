"""The one place that repeats a call that failed and may pass.

Waiting for the cloud to get somewhere is not retrying: that is the engine's
(:class:`~ackgpu.errors.NotYet`). Only :class:`~ackgpu.errors.Transient` is repeated here, and only
where a repeat does no harm. The SDK's own retries stay off, or attempts would multiply.

A cloud that cannot be reached is another matter than one that refuses. Before the run's first
answer the machine, its proxy or an endpoint is usually set up wrongly, and nothing was made: it
ends within five seconds. Later something may stand and be billed, and networks come back: it is
tried again for as long as the run insists.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import TypeVar

from tenacity import RetryCallState, Retrying

from ackgpu.cancel import CancelToken
from ackgpu.clock import Clock
from ackgpu.errors import CloudError, LostReply, Throttled, Transient, Unreachable

T = TypeVar("T")
Tell = Callable[[str], None]

INSIST_SECONDS = 120.0
"""Real seconds that a cloud which answered before is tried to be reached again."""
_FIRST_ANSWER_SECONDS = 4.5
"""Real seconds until the first answer; half a second of the five is left to end in."""
_FIRST_BACKOFF = 0.5
_MAX_BACKOFF = 8.0
# Between them four pauses of at most 1, 2, 4 and 8 s.
_MAX_ATTEMPTS = 5
_BUDGET = 30.0
_CANCEL_LOOKED_AT = 0.25


class Retrier:
    """Repeats calls with full jitter; all times are real seconds. Safe for several threads.

    A refused call is made five times at most, within 30 seconds. A throttled one is made for
    ``insist`` seconds, if they are more: it was not carried out, and other runs of the account pass
    as well. One that does not reach its product is made until the product has been silent for
    ``insist`` seconds, whichever call it was that met the silence first. ``tell`` is told once when
    a silence begins.

    Backoffs are real seconds also against an emulator that runs fast, since what they give room to
    is a real service and a real network.
    """

    def __init__(
        self,
        clock: Clock,
        cancel: CancelToken,
        rng: random.Random,
        *,
        insist: float = INSIST_SECONDS,
        tell: Tell | None = None,
    ) -> None:
        self._clock = clock
        self._cancel = cancel
        self._rng = rng
        self._insist = insist
        self._tell = tell
        self._answered = False
        self._silent_since: dict[str, float] = {}

    def run(
        self,
        call: Callable[[], T],
        *,
        idempotent: bool,
        product: str = "",
        within: float = math.inf,
    ) -> T:
        """The call's result. The error of the last attempt is raised as it is.

        A call that is not ``idempotent`` is repeated only where the cloud did not carry it out:
        never after :class:`~ackgpu.errors.LostReply`. Asked to stop, it ends the wait and raises.
        ``within``: real seconds after which a throttled one is given up, if that is sooner.
        """
        began = self._seconds()
        failure: Transient | None = None

        def attempt() -> T:
            nonlocal failure
            # The pause was cut short by a stop: the call's
            # own failure tells more than another attempt.
            if failure is not None and self._cancel.requested:
                raise failure
            try:
                return self._heard(product, call)
            except Transient as error:
                failure = error
                raise

        def gives_up(state: RetryCallState) -> bool:
            if self._cancel.requested:
                return True
            until = self._seconds() + state.upcoming_sleep
            if isinstance(_error(state), Unreachable):
                return until > self._silent_since.get(product, began) + self._patience
            # By time and not by attempts: ten creates in one account used up
            # five tries each, and six of them failed (docs/reliability.md).
            if isinstance(_error(state), Throttled):
                return until > began + min(within, max(self._insist, _BUDGET))
            return state.attempt_number >= _MAX_ATTEMPTS or until > began + _BUDGET

        retrying = Retrying(
            retry=lambda state: _may_repeat(_error(state), idempotent=idempotent),
            wait=self._backoff,
            stop=gives_up,
            sleep=self._sleep,
            reraise=True,
        )
        result: T = retrying(attempt)
        return result

    @property
    def _patience(self) -> float:
        return self._insist if self._answered else min(_FIRST_ANSWER_SECONDS, self._insist)

    def _heard(self, product: str, call: Callable[[], T]) -> T:
        """Make the call, and note whether the product answered."""
        began = self._seconds()
        try:
            result = call()
        except Unreachable as error:
            if product not in self._silent_since:
                self._silent_since[product] = began
                if self._answered and self._tell:
                    self._tell(f"{error.message} Trying again for {self._insist:g} s.")
            raise
        except CloudError:
            # A refusal is an answer: the network and the endpoint are right.
            self._answers(product)
            raise
        self._answers(product)
        return result

    def _answers(self, product: str) -> None:
        self._answered = True
        self._silent_since.pop(product, None)

    def _seconds(self) -> float:
        return self._clock.now() / self._clock.speed

    def _backoff(self, state: RetryCallState) -> float:
        error = _error(state)
        asked = error.retry_after if isinstance(error, Throttled) else None
        if asked is not None:  # a little later than asked: others were told the same instant
            return asked + self._rng.uniform(0.0, _FIRST_BACKOFF)
        ceiling = min(_MAX_BACKOFF, _FIRST_BACKOFF * 2.0**state.attempt_number)
        # Full jitter: workers that were refused at the same moment must not come back together.
        return self._rng.uniform(0.0, ceiling)

    def _sleep(self, seconds: float) -> None:
        until = self._seconds() + seconds
        while not self._cancel.requested and (left := until - self._seconds()) > 0:
            # In slices: a worker's sleep is not on the pipe by which a signal wakes the engine.
            self._clock.sleep(min(left, _CANCEL_LOOKED_AT) * self._clock.speed)


def _error(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None


def _may_repeat(error: BaseException | None, *, idempotent: bool) -> bool:
    if not isinstance(error, Transient):
        return False
    # After a lost reply the step looks first
    # (engine/apply.py); only a client token makes it needless.
    return idempotent or not isinstance(error, LostReply)
