"""Where each fact of the emulated cloud is known from, and as of which month.

``data/provenance.json`` has four parts: ``operations`` (``cs.CreateCluster``), ``states``
(``cluster: running``), ``codes`` of refusals, and the ``fields`` of answers that ackgpu reads (by
the SDK's class and member). The coverage page counts them and lists the guesses.
"""

from __future__ import annotations

from collections.abc import Mapping

from ackgpu.emulator.shared.tables import table

KINDS = ("seen live", "documented", "another client", "guessed")
"""Seen on a real account by somebody who published it; documented by the vendor, its SDKs included;
needed by a client that works against the real service; or none of these."""


def provenance() -> Mapping[str, Mapping[str, str]]:
    """Each part's names with ``<kind> <year>-<month>``."""
    return {part: rows for part, rows in table("provenance").items() if isinstance(rows, dict)}
