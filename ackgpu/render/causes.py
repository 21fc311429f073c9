"""The records of ``diagnose``: what is wrong, what tells so, and the commands that mend it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Likelihood = Literal["certain", "very likely", "possible"]
LIKELIHOODS: tuple[Likelihood, ...] = ("certain", "very likely", "possible")
"""In the order in which causes are shown."""


@dataclass(frozen=True, kw_only=True)
class Cause:
    """Something that is wrong. ``id`` is its word for scripts (``driver-failed``).

    ``evidence``: what was read, in the words of who said it. ``commands``: whole command lines that
    mend it, in their order. ``note``: a sentence on them. ``nodes``: those that it is seen on.
    """

    id: str
    likelihood: Likelihood
    title: str
    evidence: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    note: str = ""
    nodes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class NotSeen:
    """What could not be looked at, why, and what would show it."""

    what: str
    why: str
    remedy: str = ""


@dataclass(frozen=True, kw_only=True)
class DiagnosisResult:
    """``diagnose``. ``node`` is the one that was asked about, empty for the whole cluster.

    ``causes``: the likeliest first; none if nothing is wrong with what was looked at. ``looked_at``
    names it. ``bundle``: the file that holds all of it.
    """

    cluster_name: str
    node: str
    state: str
    causes: tuple[Cause, ...]
    not_seen: tuple[NotSeen, ...]
    looked_at: tuple[str, ...]
    seconds: float
    bundle: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The causes' words, each once."""
        return tuple(dict.fromkeys(cause.id for cause in self.causes))
