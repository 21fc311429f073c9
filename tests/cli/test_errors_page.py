"""docs/errors.md shows what is printed."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

from support.cli import Cli

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "errors.md"
INDENT = "    "


def shown(name: str) -> str:
    """A screen of the page, as it stands on a terminal."""
    found = re.search(rf"<!-- {name} -->\n(.*?)<!-- end -->", PAGE.read_text(), re.DOTALL)
    assert found is not None
    return "".join(line.removeprefix(INDENT) for line in found[1].splitlines(keepends=True))


def test_a_lack_of_stock_reads_as_the_page_shows_it(cli: Cli) -> None:
    cli.emulator.set_faults({"faults": [{"kind": "stock_out", "announced": False}]})
    ended = cli("create", "demo", "--instance-type", "ecs.vgn5i-m2.xlarge")
    assert ended.code == 8
    assert ended.err[ended.err.index("✗") :] == shown("NoCapacity")


def test_the_table_of_classes_is_what_the_generator_writes() -> None:
    found = importlib.util.spec_from_file_location(
        "generate_errors", ROOT / "docs/generate_errors.py"
    )
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    assert module.page() == PAGE.read_text(), "run docs/generate_errors.py"
