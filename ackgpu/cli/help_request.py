"""Whether a line asks for a page of help, and which; before typer is loaded."""

from __future__ import annotations

from ackgpu.command_table import load

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

FLAGS = ("--help", "-h")
WORD = "help"


class HelpRequestedError(Exception):
    """A line asks for the page of the command ``path`` ("nodepool scale"; empty for all)."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


def page_of(arguments: Sequence[str]) -> str | None:
    """The path of the command whose page is requested and nothing else; None for other lines.

    ``help nodepool scale`` is ``nodepool scale --help``; a command that only holds others, alone,
    asks for its page as well.
    """
    words = list(arguments)
    if words and words[0] == WORD:
        words = [word for word in words[1:] if word not in FLAGS]
    elif words and words[-1] in FLAGS:
        words.pop()
    elif len(words) > 1 or (words and words[0].startswith("-")):
        return None
    path = " ".join(words)
    found = load()["commands"].get(path)
    asked = found is not None and (found["words"] or len(words) < len(arguments))
    return path if asked else None
