"""Tags, as records and requests carry them."""

from __future__ import annotations

from collections.abc import Mapping

Tags = Mapping[str, str]
