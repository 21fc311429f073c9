"""`python -m tests.simulation --seeds 0..99`: play seeds, and cut the first that breaks down."""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

BATCH = 25
"""Seeds a process: a killed run keeps its frames for ever, as nothing of it may run any more."""

TOLD = 500
"""Seeds after which it is said how many were played."""


@dataclass
class Tally:
    """What came of some seeds. ``processor``: the seconds of one that they took."""

    ends: Counter[str] = field(default_factory=Counter)
    struck: Counter[str] = field(default_factory=Counter)
    broken: dict[int, list[str]] = field(default_factory=dict)
    seeds: int = 0
    processor: float = 0.0

    def add(self, other: Tally) -> None:
        """Count what another process counted."""
        self.ends += other.ends
        self.struck += other.struck
        self.broken |= other.broken
        self.seeds += other.seeds
        self.processor += other.processor


def main() -> int:
    """Play what was asked for; 1 if something broke."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", default="0..19", help="a range, both ends included: 0..9999")
    parser.add_argument("--engine", action="store_true", help="the engine alone, on toy steps")
    parser.add_argument("--threads", action="store_true", help="each with real threads")
    parser.add_argument("--workers", type=int, default=1, help="how many processes play at once")
    parser.add_argument("--schedule", type=Path, help="play the schedule of a file, and say all")
    parser.add_argument("--keep-going", action="store_true", help="play all, cut none down")
    given = parser.parse_args()
    if given.schedule:
        return _play_file(given.schedule)
    first, _, last = given.seeds.partition("..")
    seeds = range(int(first), int(last or first) + 1)
    tally = Tally()
    for part in _parts(seeds, _how(given), workers=given.workers):
        tally.add(part)
        if tally.seeds % TOLD < BATCH:
            print(f"{tally.seeds} played, {len(tally.broken)} broken", flush=True)
        for seed, broken in part.broken.items():
            print(f"seed {seed}:", *broken, sep="\n  ", flush=True)
        if part.broken and not given.keep_going:
            break
    print(f"{tally.seeds} of {given.seeds}: {len(tally.broken)} broken, {_rates(tally)}")
    print(f"  ends: {_counted(tally.ends)}\n  struck: {_counted(tally.struck)}")
    if tally.broken and not given.keep_going and not given.engine:
        _cut_down(min(tally.broken))
    return int(bool(tally.broken))


def _how(given: argparse.Namespace) -> str:
    return "engine" if given.engine else "threads" if given.threads else ""


def _parts(seeds: range, how: str, *, workers: int) -> Iterator[Tally]:
    """The tallies of batches, as they are played; in processes of their own.

    What each of them needs is imported before they part, and no garbage collector walks it again.
    """
    _batch((range(1, 2), how if how == "engine" else ""))  # no thread: it would not come along
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    batches = [(seeds[at : at + BATCH], how) for at in range(0, len(seeds), BATCH)]
    context = multiprocessing.get_context("fork")
    with context.Pool(workers, maxtasksperchild=1) as pool:
        yield from pool.imap_unordered(_batch, batches)


def _batch(asked: tuple[range, str]) -> Tally:
    """Play some seeds in this process."""
    seeds, how = asked
    tally, began = Tally(seeds=len(seeds)), time.process_time()
    for seed in seeds:
        if how == "engine":
            from simulation.engine_alone import live

            broken = live(seed)
            tally.ends["life"] += 1
        else:
            from simulation.drawing import of_seed
            from simulation.run import play

            schedule = of_seed(seed)
            played = play(replace(schedule, threads=schedule.threads or how == "threads"))
            tally.ends += played.ends
            tally.struck += played.struck
            broken = played.broken
        if broken:
            tally.broken[seed] = broken
    tally.processor = time.process_time() - began
    return tally


def _play_file(path: Path) -> int:
    from simulation.run import play
    from simulation.schedule import Schedule

    played = play(Schedule.of_json(path.read_text("utf-8")))
    print(*played.trace, f"digest {played.digest}", *played.broken, sep="\n")
    return int(bool(played.broken))


def _cut_down(seed: int) -> None:
    """Print the smallest schedule found that breaks as the seed does."""
    from simulation.drawing import of_seed
    from simulation.run import minimised

    print(f"seed {seed}, cut down; play it with --schedule FILE:")
    print(minimised(of_seed(seed)).as_json())


def _rates(tally: Tally) -> str:
    commands = tally.ends.total()
    rate = commands / tally.processor
    return f"{commands} commands, {rate:.1f} a second of one processor"


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))


if __name__ == "__main__":
    raise SystemExit(main())
