"""Looking at and emptying a kept account, whether a server has it open or not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ackgpu.emulator.attached import ask, find_live
from ackgpu.emulator.front import FILE
from ackgpu.emulator.store import Store

COUNTED = ("cluster", "nodepool", "instance", "vpc", "vswitch", "natgateway", "eip", "loadbalancer")


def describe(state: Path) -> dict[str, Any]:
    """Whether ``state`` is being served, where, and how many documents of each kind it keeps."""
    file = state / FILE
    live = find_live(file)
    facts: dict[str, Any] = {"running": live is not None, "state": str(file)}
    if live is not None:
        facts |= {
            "endpoint": live.endpoint,
            "kubeEndpoint": live.kube_endpoint,
            "speed": live.speed,
        }
    return facts | _counts(file)


def empty(state: Path) -> None:
    """Empty the account: through its server where it has one, else in the file."""
    file = state / FILE
    live = find_live(file)
    if live is not None:
        ask(live.endpoint, "POST", "/_emulator/reset")
    elif file.exists():
        store = Store(file)
        try:
            store.reset()
        finally:
            store.close()


def _counts(file: Path) -> dict[str, int]:
    if not file.exists():
        return {}
    store = Store(file)
    try:
        with store.transaction(write=False) as docs:
            found = {kind: docs.find(kind) for kind in COUNTED}
    finally:
        store.close()
    return {kind: sum(1 for doc in docs if doc.gone is None) for kind, docs in found.items()}
