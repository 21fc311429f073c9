"""Write what pages quote of runs: each command anew, on an emulated account, page by page.

python docs/generate_quotes.py

A page says ``<!-- run: create demo -->`` before a block of ``console``: the block becomes the
command and all that it prints. ``<!-- result: … -->`` leaves the progress out;
``<!-- unseen: … -->`` and ``<!-- label: NODE NAME=VALUE -->`` do what is not shown.
``<!-- file: cluster.yaml -->`` before a block of ``yaml`` is that file for the runs behind it. The
clock is moved by hand, so that the same program writes the same page each time.
"""

from __future__ import annotations

import re
import shlex
import sys
import tempfile
from contextlib import chdir
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
from simulation.story import Story, story  # noqa: E402 -- found through the line above

_DIRECTIVE = re.compile(
    r"<!-- (?P<verb>run|result|unseen|label|file): (?P<words>.*?) -->\n"
    r"(?P<block>```(?:console|yaml)\n(?P<inside>.*?)```\n)?",
    re.DOTALL,
)


def pages() -> list[Path]:
    """The pages that quote runs."""
    found = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    return [page for page in found if _DIRECTIVE.search(page.read_text(encoding="utf-8"))]


def quoted(page: Path) -> list[str]:
    """The command lines whose output the page quotes, without the program's name."""
    found = _DIRECTIVE.finditer(page.read_text(encoding="utf-8"))
    return [each["words"] for each in found if each["verb"] in {"run", "result"}]


def written(page: Path) -> str:
    """The page with today's words in its quotes. Raises ValueError for a run without a block."""
    text = page.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as home, story(Path(home)) as shell, chdir(home):
        return _DIRECTIVE.sub(lambda found: _quoted(found, shell), text)


def _quoted(found: re.Match[str], shell: Story) -> str:
    verb, words = found["verb"], shlex.split(found["words"])
    head = f"<!-- {verb}: {found['words']} -->\n"
    if verb == "label":
        node, label = words
        shell.label(node, *label.split("=", 1))
        return head + (found["block"] or "")
    if verb == "file":
        Path(words[0]).write_text(found["inside"], encoding="utf-8")
        return found[0]
    if verb == "unseen":
        shell.run(*words)
        return head + (found["block"] or "")
    if found["block"] is None:
        raise ValueError(f"no block after {head}")
    said = shell.run(*words)
    text = said.both if verb == "run" else said.out
    lines = "\n".join(line.rstrip() for line in text.splitlines())
    return f"{head}```console\n$ ackgpu {found['words']}\n{lines}\n```\n"


if __name__ == "__main__":
    for each in pages():
        each.write_text(written(each), encoding="utf-8")
        sys.stdout.write(f"{each} written\n")
