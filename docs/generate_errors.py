"""Write the table of docs/errors.md from the classes of errors and the catalogue of codes.

python docs/generate_errors.py
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from ackgpu import errors
from ackgpu.commands.program.explanations import Catalogue

PAGE = Path(__file__).parent / "errors.md"
BEGIN, END = "<!-- written by docs/generate_errors.py -->\n", "<!-- end -->\n"
_EXAMPLES = 4


def page() -> str:
    """The whole page, its table written anew."""
    above, begin, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, end, below = rest.partition(END)
    return "".join((above, begin, *_table(), end, below))


def _table() -> Iterator[str]:
    yield "| class | exit | the cloud says, among others | repeated |\n|---|--:|---|---|\n"
    catalogue = Catalogue()
    for kind in _classes(errors.CloudError):
        found = catalogue.own(kind.code)
        said = ", ".join(f"`{name}`" for name in _examples(catalogue, kind))
        retried = found.retried.replace("|", "\\|")
        yield f"| `{kind.code}` | {kind.exit_code} | {said or '–'} | {retried} |\n"


def _examples(catalogue: Catalogue, kind: type[errors.CloudError]) -> list[str]:
    """Families of codes first: each speaks for many."""
    families = [pattern for pattern, becomes in catalogue.families if becomes == kind.code]
    names = [
        name
        for name, found in catalogue.of_cloud.items()
        if found.becomes == kind.code and not any(name.startswith(f[:-1]) for f in families)
    ]
    return [*families, *names][:_EXAMPLES]


def _classes(kind: type[errors.CloudError]) -> Iterator[type[errors.CloudError]]:
    """The class and all below it, each once, in the order of errors.py."""
    found = [
        value
        for value in vars(errors).values()
        if isinstance(value, type) and issubclass(value, kind)
    ]
    yield from dict.fromkeys(found)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"{PAGE} written\n")
