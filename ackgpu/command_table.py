"""The command tree as data: what completion, help pages and ``schema commands`` are answered from.

``data/commands.json`` is written by ``docs/generate_commands.py`` and held to the tree by a test.
It is read without typer, which costs more than all the rest of a page of help.
"""

from __future__ import annotations

import json
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PATH = os.path.join(os.path.dirname(__file__), "data", "commands.json")


def load() -> dict[str, Any]:
    """The table: ``values``, ``flags`` (of every command), ``groups`` and ``commands`` by path."""
    with open(PATH, encoding="utf-8") as file:
        table: dict[str, Any] = json.load(file)
    return table
