"""What a release needs of the changelog: `check TAG` that all agree, `notes TAG` its section."""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def version() -> str:
    """The version that the package has."""
    text = (ROOT / "ackgpu" / "__init__.py").read_text("utf-8")
    found = re.search(r'^__version__ = "(.+)"$', text, re.MULTILINE)
    if found is None:
        raise SystemExit("ackgpu/__init__.py has no __version__")
    return found[1]


def section(tag: str) -> str:
    """The changelog's section of the tag; it must be dated."""
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    heading = rf"^## \[{re.escape(tag.removeprefix('v'))}\] - \d{{4}}-\d\d-\d\d\n"
    found = re.search(rf"{heading}(.*?)(?=^## \[|\Z)", text, re.MULTILINE | re.DOTALL)
    if found is None:
        raise SystemExit(f"CHANGELOG.md has no dated section for {tag}")
    return found[1].strip() + "\n"


def main(arguments: list[str]) -> None:
    """Do what the command line says."""
    match arguments:
        case ["check", tag]:
            section(tag)
            if tag != f"v{version()}":
                raise SystemExit(f"the tag is {tag}, the package's version {version()}")
        case ["notes", tag]:
            sys.stdout.write(section(tag))
        case _:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
