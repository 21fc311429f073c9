"""Faults of the API server itself, by the scenario: a server that restarts or forgets.

* ``kube_unavailable`` answers 503, ``kube_reset`` cuts the connection: the first ``times`` requests
  (one where left out) since the emulator was started;
* ``kube_throttled`` answers 429 with ``retry_after`` seconds (1), as often;
* ``continue_expired`` refuses ``times`` continue tokens with 410.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any


class Trouble:
    """Counts how often each fault has struck in this process."""

    def __init__(self) -> None:
        self._struck: Counter[str] = Counter()

    def strikes(self, settings: Mapping[str, Any], kind: str) -> Mapping[str, Any] | None:
        """The fault of that kind where it strikes now; it is counted then."""
        for row in settings.get("faults", ()):
            if row.get("kind") == kind and self._struck[kind] < int(row.get("times", 1)):
                self._struck[kind] += 1
                fault: Mapping[str, Any] = row
                return fault
        return None
