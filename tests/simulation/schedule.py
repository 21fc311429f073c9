"""What happens in one simulation, as data: it can be printed, cut down, and played again."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace

HORIZON = 2400.0
"""Seconds in which commands begin and troubles strike; after them the cloud is well."""
WINDOWS = (
    "throttle", "outage", "refused", "html", "lost_request", "lost_reply", "slow", "late", "twice",
    "again", "lag", "truncated", "acted_then_503", "expired",
)  # fmt: skip
BLOWS = ("kill", "interrupt", "stall")
MAX_LAG = 30.0
"""Seconds after which a request that was made is seen by every read: its way, and the lag."""
LIES_IN_A_ROW = 2
STATELESS = "-"
"""A machine that each command has for itself: it knows nothing of the others."""


@dataclass(frozen=True)
class Play:
    """A command: when it begins, on which machine, and its words; ``~`` is the machine's home."""

    at: float
    machine: str
    words: tuple[str, ...]


@dataclass(frozen=True)
class Trouble:
    """Something that goes wrong at ``at``, for ``seconds`` if it lasts.

    ``kind``: one of WINDOWS (``what`` is the product, ``chance`` how likely it strikes a call), one
    of BLOWS (``what`` is the number of a play, which it strikes at its call ``calls``: it is
    killed, interrupted, once more after ``seconds`` if not 0, or stands still for those),
    ``flicker`` (``what`` is a list, ``calls`` how often it is empty), ``stock`` (none of the
    default type for a while, in the zone ``what`` or anywhere), ``skew`` (``what`` is a machine
    whose calendar is ``chance`` seconds off), ``full`` (its disk is full), ``revoked`` (the key,
    given back in the end), ``rotated`` (the key, and the profiles have its successor in the end),
    ``untag`` and ``remove`` (somebody else changes what is ours; ``what`` a kind), ``settle``
    (somebody else makes a thing of the kind ``what`` in our network).
    """

    kind: str
    at: float
    seconds: float = 0.0
    what: str = ""
    chance: float = 1.0
    calls: int = 0


@dataclass(frozen=True)
class Schedule:
    """One simulation. ``doubts``: how the cloud reads what nobody has published.

    ``threads``: calls are carried out by threads, so that two plays of it may differ.
    """

    seed: int
    plays: tuple[Play, ...]
    troubles: tuple[Trouble, ...]
    doubts: Mapping[str, str] = field(default_factory=dict)
    threads: bool = False

    def as_json(self) -> str:
        """For people and for files."""
        return json.dumps(asdict(self), indent=1)

    @classmethod
    def of_json(cls, text: str) -> Schedule:
        """What :meth:`as_json` wrote."""
        raw = json.loads(text)
        plays = (Play(p["at"], p["machine"], tuple(p["words"])) for p in raw["plays"])
        troubles = tuple(Trouble(**t) for t in raw["troubles"])
        doubts, threads = raw.get("doubts", {}), raw.get("threads", False)
        return cls(raw["seed"], tuple(plays), troubles, doubts, threads)

    def smaller(self) -> Iterator[Schedule]:
        """Each schedule that lacks one of its parts."""
        for index in range(len(self.troubles)):
            yield replace(self, troubles=self.troubles[:index] + self.troubles[index + 1 :])
        for index in range(len(self.plays)):
            if len(self.plays) > 1:
                yield self._without_play(index)
        for name in self.doubts:
            yield replace(self, doubts={k: v for k, v in self.doubts.items() if k != name})

    def _without_play(self, index: int) -> Schedule:
        troubles = []
        for trouble in self.troubles:
            if trouble.kind not in BLOWS or int(trouble.what) < index:
                troubles.append(trouble)
            elif int(trouble.what) > index:
                troubles.append(replace(trouble, what=str(int(trouble.what) - 1)))
        plays = self.plays[:index] + self.plays[index + 1 :]
        return replace(self, plays=plays, troubles=tuple(troubles))
