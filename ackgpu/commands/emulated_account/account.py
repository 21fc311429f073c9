"""``emulator``: say how the emulated cloud stands, empty it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ackgpu.commands.emulated_account.server import directory, in_words, way_out
from ackgpu.errors import LocalError
from ackgpu.render.results import Facts, Result
from ackgpu.session import Session


def status(state: Path | None, session: Session) -> Result:
    """Whether an emulator is served, where, and what is in its account."""
    facts = standing(state or directory(session))
    running = "running" if facts["running"] else "not running"
    part = Facts(headline=f"emulator: {running}", facts=facts)
    return Result(command="emulator status", part=part)


def standing(state: Path) -> dict[str, Any]:
    """What ``state`` holds, whether it is served or not: facts, then documents by kind."""
    from ackgpu.emulator.state import status_of

    with _as_local(state):
        facts = status_of(state)
    documents: dict[str, int] = facts.pop("documents")
    return facts | documents


def reset(state: Path | None, session: Session) -> Result:
    """Empty the emulated account."""
    from ackgpu.emulator.state import reset_state

    where = state or directory(session)
    with _as_local(where):
        existed = reset_state(where)
    said = "is empty" if existed else "was never begun"
    part = Facts(headline=f"the emulated account in {where} {said}", done=True)
    return Result(command="emulator reset", part=part)


@contextmanager
def _as_local(state: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise LocalError(
            f"The emulated account in {state} cannot be opened: {in_words(error)}.",
            resolution=way_out(error),
        ) from error
