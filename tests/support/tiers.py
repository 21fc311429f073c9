"""Which tests run: the everyday suite, the nightly ones, or a random sample of those.

``pytest`` without paths is the everyday suite, on one worker more than cores; ``pytest PATH`` runs
all that is there, in one process, which starts in a second. A test is nightly by one of the
markers below. ``--tier nightly --sample 20`` runs a random twentieth of those and prints how to
repeat it; what takes the cloud's own minutes is never drawn.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from typing import Any

import pytest

NIGHTLY = ("long", "sweep", "browser", "generated", "install", "real_time")
"""What makes a test nightly; pyproject.toml says what each marker means."""
EVERYDAY_MINUTES = 4
TIERS = ("everyday", "nightly", "all")
SETTLED = ("tier", "sample", "sample_seed")


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("tiers")
    group.addoption("--tier", choices=TIERS, help="everyday without paths, else all")
    group.addoption(
        "--sample", type=int, default=1, metavar="N", help="an N-th of the nightly tests, at random"
    )
    group.addoption("--sample-seed", type=int, help="which N-th")


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Settle what runs. A worker is told below: it reads the same line, and would draw anew."""
    if "PYTEST_XDIST_WORKER" in os.environ:  # a worker that started workers would never end
        return
    whole = config.args_source is not pytest.Config.ArgsSource.ARGS
    option: Any = config.option
    option.tier = option.tier or ("everyday" if whole else "all")
    if option.sample_seed is None:
        option.sample_seed = random.SystemRandom().randrange(10_000)
    if whole and getattr(option, "numprocesses", 0) is None and not option.collectonly:
        option.numprocesses = "auto"


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker what was settled."""
    node.workerinput["tiers"] = {name: getattr(node.config.option, name) for name in SETTLED}


def pytest_configure(config: pytest.Config) -> None:
    for name, value in getattr(config, "workerinput", {}).get("tiers", {}).items():
        setattr(config.option, name, value)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than cores: tests wait for the emulator's clock as much as they compute."""
    return int(os.environ.get("PYTEST_XDIST_AUTO_NUM_WORKERS") or (os.cpu_count() or 1) + 1)


def pytest_report_header(config: pytest.Config) -> Iterator[str]:
    option: Any = config.option
    if option.tier == "everyday":
        yield (
            f"tier: everyday, about {EVERYDAY_MINUTES} minutes on two cores;"
            " the rest: --tier nightly, or .ci/nightly"
        )
    elif option.sample > 1:
        repeat = f"--tier {option.tier} --sample {option.sample} --sample-seed {option.sample_seed}"
        yield f"tier: {option.tier}, a random part of it: {repeat}"
    else:
        yield f"tier: {option.tier}"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    option: Any = config.option
    kept = [item for item in items if _runs(item, option)]
    left = [item for item in items if not _runs(item, option)]
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = kept


def _runs(item: pytest.Item, option: Any) -> bool:
    nightly = any(item.get_closest_marker(name) for name in NIGHTLY)
    if option.tier == "everyday" and nightly:
        return False
    if option.tier == "nightly" and not nightly:
        return False
    if nightly and option.sample > 1:
        if item.get_closest_marker("real_time"):
            return False
        drawn = random.Random(f"{option.sample_seed} {item.nodeid}")  # noqa: S311 -- a sample
        return drawn.random() * option.sample < 1
    return True
