"""The figures of docs/reliability.md: kills, stops and faults, and what came of them.

    python benchmarks/bench_survival.py [kills] [stops] [faults] [--every N] [--out DIR] [--page]
                                        [--matrix]

Without a name all three are run; ``--every N`` takes one case in N. Everything runs on this
machine against an emulated account; the whole takes about an hour of one core. The tables are
printed as Markdown, and with --page written into docs/reliability.md; --matrix prints every call ×
fault with its outcome as well. The single verdicts go to DIR as lines of JSON; ``--read DIR`` makes
the tables of such lines, and runs nothing. Exits 1 where anything was lost.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from survival.faults import Outcome, laboratory
from survival.kills import Case, Verdict, firing_range

SUITES = ("kills", "stops", "faults")


def main() -> int:
    """Run what is asked for; the exit code."""
    arguments = parsed()
    lost = 0
    for suite in arguments.suites or SUITES:
        rows = (
            written(suite, arguments.read)
            if arguments.read
            else list(carried_out(suite, arguments))
        )
        lost += sum(1 for row in rows if row.trouble)
        lines = table(rows)
        print("\n".join(lines), flush=True)
        if arguments.matrix and suite == "faults":
            print("\n".join(["", *matrix(rows)]), flush=True)
        if arguments.page:
            put_on_page(suite, lines)
    return 1 if lost else 0


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("suites", nargs="*", choices=[[], *SUITES], metavar="suite")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--offset", type=int, default=0)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--read", type=Path)
    parser.add_argument("--page", action="store_true")
    parser.add_argument("--matrix", action="store_true")
    return parser.parse_args()


def carried_out(suite: str, arguments: argparse.Namespace) -> Iterator[Any]:
    """The verdicts of a suite, each written down as soon as it is known."""
    for row in verdicts(suite, arguments):
        if row.trouble:
            print(f"! {row}", file=sys.stderr, flush=True)
        if arguments.out:
            arguments.out.mkdir(parents=True, exist_ok=True)
            with (arguments.out / f"{suite}.jsonl").open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(row)) + "\n")
        yield row


def written(suite: str, directory: Path) -> list[Any]:
    """Verdicts that an earlier run wrote down; the latest of each case counts."""
    found: dict[Any, Any] = {}
    for line in (directory / f"{suite}.jsonl").read_text("utf-8").splitlines():
        fields = json.loads(line)
        if suite == "faults":
            row: Any = Outcome(**fields)
            found[row.fault, row.action] = row
        else:
            row = Verdict(Case(**fields.pop("case")), **fields)
            found[row.case] = row
    return list(found.values())


def put_on_page(suite: str, lines: Sequence[str]) -> None:
    """Replace the suite's table in docs/reliability.md."""
    page = Path(__file__).resolve().parent.parent / "docs" / "reliability.md"
    above, _, rest = page.read_text("utf-8").partition(f"<!-- {suite} -->\n")
    _, mark, below = rest.partition("<!-- end -->")
    text = "".join(f"{line}\n" for line in lines)
    page.write_text(f"{above}<!-- {suite} -->\n{text}{mark}{below}", "utf-8")


def verdicts(suite: str, arguments: argparse.Namespace) -> Iterator[Any]:
    """The verdicts of a suite."""
    if suite == "faults":
        with laboratory() as lab:
            for fault, action in some(lab.cells(slow=True), arguments):
                yield lab.try_out(fault, action)
        return
    with firing_range() as firing:
        for case in some(firing.cases() if suite == "kills" else firing.stops(), arguments):
            yield firing.judge(case)


def some(cases: Iterator[Any], arguments: argparse.Namespace) -> Iterator[Any]:
    """One in so many."""
    return islice(cases, arguments.offset, None, arguments.every)


def table(rows: Sequence[Any]) -> list[str]:
    """The verdicts as a Markdown table."""
    if not rows:
        return []
    if isinstance(rows[0], Outcome):
        return by_fault(rows)
    return by_point(rows)


def by_fault(rows: Sequence[Outcome]) -> list[str]:
    """Faults × how the command that met them ended."""
    lines = ["| fault | calls | went through | ended early, then finished | lost |",
             "|---|--:|--:|--:|--:|"]  # fmt: skip
    for fault in dict.fromkeys(row.fault for row in rows):
        mine = [row for row in rows if row.fault == fault]
        lost = sum(1 for row in mine if row.trouble)
        fine = sum(1 for row in mine if row.word == "ok")
        lines.append(f"| {fault} | {len(mine)} | {fine} | {len(mine) - fine - lost} | {lost} |")
    return lines


def matrix(rows: Sequence[Outcome]) -> list[str]:
    """Calls × faults × outcome; empty where a fault makes no sense for a call."""
    faults = list(dict.fromkeys(row.fault for row in rows))
    words = {(row.action, row.fault): row.word for row in rows}
    lines = [f"| call | {' | '.join(faults)} |", f"|---|{'---|' * len(faults)}"]
    for action in sorted({row.action for row in rows}):
        cells = (words.get((action, fault), "") for fault in faults)
        lines.append(f"| {action} | {' | '.join(cells)} |")
    return lines


def by_point(rows: Sequence[Verdict]) -> list[str]:
    """What was ended where × how it was taken up again."""
    lines = ["| ended | by | moment | taken up by | points | complete or gone | lost |",
             "|---|---|---|---|--:|--:|--:|"]  # fmt: skip
    lost = Counter(kind(row.case) for row in rows if row.trouble)
    for key, count in Counter(kind(row.case) for row in rows).items():
        lines.append(f"| {' | '.join(key)} | {count} | {count - lost[key]} | {lost[key]} |")
    return lines


def kind(case: Case) -> tuple[str, str, str, str]:
    """The row that a case belongs to."""
    where = " from elsewhere" if case.elsewhere else ""
    return case.killed, case.weapon, case.moment, f"{case.again}{where}"


if __name__ == "__main__":
    sys.exit(main())
