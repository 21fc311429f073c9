"""Independent reads at once, outside of a graph."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

from ackgpu.engine.loop import Loop
from ackgpu.engine.run import Run
from ackgpu.engine.workers import Call
from ackgpu.errors import CloudError, Interrupted, Transient

K = TypeVar("K", bound=str)


def no_more(name: Any, value: Any) -> Mapping[Any, Call]:
    """Nothing follows."""
    del name, value
    return {}


def settle_all(
    run: Run, calls: Mapping[K, Call], then: Callable[[K, Any], Mapping[K, Call]] = no_more
) -> dict[K, Any]:
    """What each call returned or raised, by its name.

    Raises Interrupted when asked to stop, and TimedOut at the run's deadline.

    ``then`` is told the name of each call and what it returned or raised, and names the calls that
    follow from it: they begin at once, beside those that are still out.
    """
    results: dict[K, Any] = {}
    loop = Loop(run.clock, run.cancel, run.workers)

    def schedule(more: Mapping[K, Call]) -> None:
        for name, call in more.items():

            def keep(value: Any, error: Exception | None, name: K = name) -> None:
                results[name] = value if error is None else error
                schedule(then(name, results[name]))

            loop.call_at(run.clock.now(), call, keep)

    schedule(calls)
    loop.run(on_tick=run.watch(loop), on_cancel=loop.drop_scheduled)
    # What was dropped has no result: a partial answer must not pass for a whole one.
    if run.cancel.requested:
        raise Interrupted("Stopped.", signal_number=run.cancel.signal_number)
    return results


def all_of(run: Run, calls: Mapping[K, Call]) -> dict[K, Any]:
    """What each call returned, by its name; raises the first error in the order of the calls."""
    results = settle_all(run, calls)
    raise_first({name: results[name] for name in calls})
    return results


def answered(
    run: Run,
    calls: Mapping[str, Call],
    failed: Mapping[str, CloudError],
    *,
    optional: Collection[str] = (),
) -> tuple[dict[str, Any], dict[str, CloudError]]:
    """What each call returned, by its name, and all failures that may pass by themselves.

    For who goes on with what can be read. A name says what is read, then of or in what: "disks of
    c1". ``failed``: earlier failures; what is of the same kind as one of these is not called,
    since it would take as long to fail again. ``optional``: kinds of reads that may fail in any
    way. Raises the first failure of any other sort.
    """
    dead = {kind_of_read(name): error for name, error in failed.items()}
    tried = {name: call for name, call in calls.items() if kind_of_read(name) not in dead}
    results = settle_all(run, tried)
    more = {
        name: result
        for name, result in results.items()
        if isinstance(result, CloudError)
        and (isinstance(result, Transient) or kind_of_read(name) in optional)
    }
    found = {name: results[name] for name in tried if name not in more}
    raise_first(found)
    return found, {**failed, **more}


def kind_of_read(name: str) -> str:
    """What a read of that name reads, whatever it is of or in."""
    return re.split(" (?:of|in) ", name, maxsplit=1)[0]


def raise_first(results: Mapping[K, Any]) -> None:
    """Raise the first of the results that is an error, where there is one."""
    for result in results.values():
        if isinstance(result, Exception):
            raise result
