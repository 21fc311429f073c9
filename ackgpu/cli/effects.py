"""What each command does to the world, and how it may end: for help pages and ``schema commands``.

Declared here and held to the commands by tests: what reads the cloud writes nothing to it, what
asks can be told not to, and no command of the tree is without its row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ackgpu import flag

CLOUD, KUBERNETES = "cloud", "kubernetes"
KUBECONFIG, STATE, FILE = "kubeconfig", "state directory", "file"

ANY = (0, 2, 130)
"""Every command may end with these: done, usage, stopped. 1 (a bug) goes without saying."""
OF_CLOUD = (4, 11, 14)
"""Credentials, refused by the cloud, out of reach."""


@dataclass(frozen=True, kw_only=True)
class Effects:
    """What a command does.

    ``reads`` and ``writes``: what it looks at and changes. ``costs``: it may make what is billed.
    ``asks``: a question comes first, unless told not to. ``exits``: the codes that it may end with.
    """

    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    costs: bool = False
    asks: bool = False
    exits: tuple[int, ...] = ANY


def _cloud(*more: int, reads: tuple[str, ...] = (CLOUD,), **effects: Any) -> Effects:
    return Effects(reads=reads, exits=tuple(sorted({*ANY, *OF_CLOUD, *more})), **effects)


_BOTH = (CLOUD, KUBERNETES)

EFFECTS = {
    "create": _cloud(
        3, 6, 7, 8, 9, 13, reads=_BOTH, writes=(*_BOTH, KUBECONFIG, STATE), costs=True,
        asks=True,
    ),
    "apply": _cloud(
        3, 5, 6, 7, 8, 9, 10, 12, 13, reads=_BOTH, writes=(*_BOTH, STATE), costs=True, asks=True,
    ),
    "plan": _cloud(3, 6, 8, 12, 13),
    "check-quota": _cloud(3),
    "preflight": _cloud(3, 13, writes=(FILE,)),
    "offers": _cloud(),
    "list": _cloud(),
    "describe": _cloud(5, 6),
    "wait": _cloud(5, 6, 7, 9, reads=_BOTH),
    "verify": _cloud(5, 6, 7, 9, 10, reads=_BOTH, writes=(KUBERNETES, FILE)),
    "diagnose": _cloud(5, 6, reads=_BOTH, writes=(FILE,)),
    "run-sample": _cloud(5, 6, 7, 9, 10, reads=_BOTH, writes=(KUBERNETES,)),
    "manifest sample": _cloud(5, 6, 9, reads=_BOTH),
    "nodepool list": _cloud(5, 6),
    "nodepool add": _cloud(
        3, 5, 6, 7, 8, 9, reads=_BOTH, writes=(*_BOTH, STATE), costs=True
    ),
    "nodepool scale": _cloud(
        3, 5, 6, 7, 8, 9, 10, reads=_BOTH, writes=(*_BOTH, STATE), costs=True, asks=True
    ),
    "nodepool update": _cloud(2, 5, 6, 7, writes=(CLOUD, STATE), costs=True, asks=True),
    "nodepool delete": _cloud(5, 6, 7, 10, writes=(CLOUD, STATE), asks=True),
    "nodepool attach": _cloud(
        3, 5, 6, 7, 9, reads=_BOTH, writes=(*_BOTH, STATE), asks=True
    ),
    "nodepool convert-billing": _cloud(
        3, 5, 6, 7, writes=(CLOUD, STATE), costs=True, asks=True
    ),
    "node list": _cloud(5, 6),
    "node drain": _cloud(
        5, 6, 7, reads=_BOTH, writes=(KUBERNETES, STATE), asks=True
    ),
    "node replace": _cloud(
        5, 6, 7, 9, 10, reads=_BOTH, writes=(*_BOTH, STATE), costs=True, asks=True
    ),
    "node repair": _cloud(5, 6, 7, 9, reads=_BOTH, writes=(CLOUD, STATE), asks=True),
    "upgrade": _cloud(3, 5, 6, 7, writes=(CLOUD, STATE), asks=True),
    "sleep": _cloud(5, 6, 7, reads=_BOTH, writes=(CLOUD, STATE), asks=True),
    "wake": _cloud(3, 5, 6, 7, 8, 9, reads=_BOTH, writes=(CLOUD, STATE), costs=True),
    "kubeconfig write": _cloud(5, 6, writes=(KUBECONFIG,)),
    "kubeconfig show": _cloud(5, 6),
    "kubeconfig credential": _cloud(5, 6, writes=(STATE,)),
    "kubeconfig remove": Effects(reads=(KUBECONFIG,), writes=(KUBECONFIG,), exits=(0, 2, 6, 130)),
    "delete": _cloud(
        5, 6, 7, 10, reads=_BOTH, writes=(CLOUD, KUBECONFIG, STATE), asks=True
    ),
    "gc": _cloud(6, 7, 10, reads=_BOTH, writes=(CLOUD, KUBECONFIG, STATE), asks=True),
    "extend": _cloud(5, 6, writes=(CLOUD,)),
    "config init": _cloud(writes=(FILE,)),
    "config validate": Effects(reads=(FILE,)),
    "config schema": Effects(),
    "config show": Effects(reads=(FILE,), exits=(0, 2, 4, 130)),
    "policy generate": Effects(reads=(FILE,)),
    "policy check": _cloud(3),
    "emulator up": Effects(reads=(STATE,), writes=(STATE,)),
    "emulator down": Effects(reads=(STATE,), writes=(STATE,)),
    "emulator env": Effects(reads=(STATE,)),
    "emulator serve": Effects(reads=(STATE,), writes=(STATE,)),
    "emulator status": Effects(reads=(STATE,), exits=(0, 2, 5, 130)),
    "emulator reset": Effects(reads=(STATE,), writes=(STATE,), exits=(0, 2, 6, 130)),
    "export spec": _cloud(5, 6),
    "export terraform": _cloud(5, 6),
    "export ros": _cloud(5, 6),
    "explain": Effects(),
    "doctor": _cloud(),
    "completion": Effects(),
    "schema commands": Effects(),
    "version": Effects(),
}  # fmt: skip
"""By the words behind the program's name."""

MEANING = {
    0: "done, and read back",
    2: "usage, an invalid spec, or this machine",
    3: "preflight failed: nothing was created",
    4: "credentials missing, expired or denied",
    5: "not found",
    6: "conflict: not ours, another spec, deletion protection",
    7: "timed out while still progressing: run it again",
    8: "no capacity in any (type, zone) allowed",
    9: "verification failed: the cluster is up, its GPUs are not usable",
    10: "leftovers, each listed with its id",
    11: "the cloud rejected or failed the operation for good",
    12: f"changes are pending ({flag.DETAILED_EXITCODE})",
    13: f"over {flag.MAX_HOURLY_PRICE}",
    14: "the cloud cannot be reached",
    130: "stopped by Ctrl-C, after a safe stop (129, 143: by SIGHUP, SIGTERM)",
}
"""Of the exit codes, in the few words of a help page; docs/exit-codes.md says more."""

ENVIRONMENT = {
    "region": ("ACKGPU_REGION", "ALIBABA_CLOUD_REGION_ID"),
    "profile": ("ACKGPU_PROFILE", "ALIBABA_CLOUD_PROFILE"),
    "output": ("ACKGPU_OUTPUT",),
    "no_input": ("ACKGPU_NO_INPUT",),
    "emulator": ("ACKGPU_EMULATOR",),
    "color": ("NO_COLOR",),
    "timeout": ("ACKGPU_TIMEOUT",),
    "password_file": ("ACKGPU_NODE_PASSWORD",),
}
"""The variables that stand in for a flag, by the flag's parameter."""
