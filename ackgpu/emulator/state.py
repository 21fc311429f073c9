"""``ackgpu emulator status`` and ``reset``: of a state that is being served, or that lies still."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ackgpu.emulator.attached import ask, find_live
from ackgpu.emulator.backend import Backend
from ackgpu.emulator.front import FILE
from ackgpu.emulator.real_time import REAL
from ackgpu.emulator.store import Store

STATUS = "/_emulator/status"
RESET = "/_emulator/reset"


def status_of(state: Path) -> dict[str, Any]:
    """What the directory ``state`` holds: ``running``, ``state`` and ``documents`` at least.

    Of a running server also everything that its control API tells. OSError where a file is there
    and cannot be opened.
    """
    file = state / FILE
    live = find_live(file)
    if live is not None:
        return {"running": True, "endpoint": live.endpoint, **ask(live.endpoint, "GET", STATUS)}
    answer: dict[str, Any] = {"running": False, "state": str(file.absolute()), "documents": {}}
    if file.exists():
        backend = Backend(file, REAL)
        with backend.transaction() as session:
            now = backend.timeline_now(session)
            answer |= {"seconds": now, "documents": session.kinds(at=now)}
        backend.close()
    return answer


def reset_state(state: Path) -> bool:
    """Empty the account that ``state`` holds; whether there was one.

    Its keys, certificates and ports stay, so that what trusts them goes on working. OSError where a
    file is there and cannot be opened.
    """
    file = state / FILE
    live = find_live(file)
    if live is not None:
        ask(live.endpoint, "POST", RESET)
        return True
    if not file.exists():
        return False
    store = Store(file)  # not the whole account: its time may be what is wrong with it
    store.reset()
    store.close()
    return True
