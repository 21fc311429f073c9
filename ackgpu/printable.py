"""Text from outside (the cloud, names, files) that may hold what moves a cursor or turns a line.

Escape sequences, C1 controls and characters that change the direction of writing can make a
terminal show something else than what is there, or run what it takes for a command of its own.
"""

from __future__ import annotations

import re

_LINE = "\n\t"
_HIDDEN = re.compile("[\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")


def printable(text: str, *, lines: bool = False, stand_in: str = " ") -> str:
    """``text`` with ``stand_in`` for each character that shows nothing of itself.

    ``lines`` keeps line breaks and tabs, for text of several lines.
    """
    shown = text.replace("\n", "").replace("\t", "") if lines else text
    if shown.isprintable():
        return text
    kept = _LINE if lines else ""
    return "".join(char if char.isprintable() or char in kept else stand_in for char in text)


def has_hidden(text: str) -> bool:
    """Whether something in ``text`` shows nothing of itself and is no ASCII control."""
    return _HIDDEN.search(text) is not None


def visible_escapes(text: str) -> str:
    r"""JSON or double-quoted YAML with ``\uXXXX`` for what ``json.dumps`` leaves as it is."""
    return _HIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
