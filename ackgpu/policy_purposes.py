"""Which policy of ``policy generate`` a command needs."""

from __future__ import annotations

from collections.abc import Mapping

_COMMANDS: Mapping[str, str] = {
    "create": "create",
    "apply": "apply",
    "plan": "create",
    "preflight": "create",
    "check-quota": "create",
    "offers": "create",
    "policy check": "create",
    "verify": "verify",
    "diagnose": "diagnose",
    "run-sample": "verify",
    "nodepool": "nodepool",
    "node": "node",
    "sleep": "sleep",
    "wake": "sleep",
    "upgrade": "upgrade",
    "delete": "delete",
    "gc": "gc",
    "extend": "extend",
    "list": "describe",
    "describe": "describe",
    "wait": "describe",
    "kubeconfig": "describe",
    "export": "describe",
    "doctor": "create",
}


def purpose_of(command: str) -> str:
    """The policy of a command, by its title (``nodepool scale``); empty for one that needs none."""
    return next((purpose for word, purpose in _COMMANDS.items() if command.startswith(word)), "")
