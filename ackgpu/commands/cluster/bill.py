"""What a deletion says in the end: how long the cluster lived, and about what it cost.

It is counted before anything is deleted, and kept in the journal for the deletion that takes up
another that was cut off: by then the nodes may be gone.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime

from ackgpu.commands.account.costs import Paid, born, hourly_of
from ackgpu.engine.aftermath import KnownSum
from ackgpu.engine.journal import Journal
from ackgpu.inventory.inventory import Inventory
from ackgpu.session import Session

_STEP, _KEY = "costs", "bill"


@dataclass(frozen=True)
class Bill:
    """Since when a cluster has cost, and how much an hour before its deletion began."""

    born: datetime | None
    hourly: KnownSum

    def lived(self, session: Session) -> float | None:
        """Cloud seconds until now; None if nothing tells since when."""
        return session.clock.since(self.born) if self.born else None

    def cost(self, session: Session) -> KnownSum | None:
        """What it cost if it always was as it was in the end."""
        lived = self.lived(session)
        return None if lived is None else self.hourly.over(lived)

    def keep(self, journal: Journal) -> None:
        """Keep it for whoever takes the deletion up."""
        record = {"born": self.born.isoformat() if self.born else "", **asdict(self.hourly)}
        journal.note(_STEP, _KEY, json.dumps(record))


def bill_of(session: Session, journal: Journal, inventory: Inventory, paid: Paid) -> Bill:
    """The bill of what is about to be deleted, or that of the deletion that was cut off before."""
    going_on = journal.verb == "delete" and not journal.finished
    kept = _kept(journal.recall(_STEP, _KEY) or "") if going_on else None
    return kept or Bill(born(inventory), hourly_of(session, paid))


def _kept(text: str) -> Bill | None:
    """A bill from a journal; None if there is none that can be read."""
    try:
        found = json.loads(text)
        since = datetime.fromisoformat(found["born"]) if found["born"] else None
        amount = None if found["amount"] is None else float(found["amount"])
        unpriced, why = tuple(map(str, found["unpriced"])), tuple(map(str, found["why"]))
        return Bill(since, KnownSum(amount, str(found["currency"]), unpriced, why))
    except (ValueError, KeyError, TypeError):
        return None
