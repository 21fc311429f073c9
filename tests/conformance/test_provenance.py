"""Where each fact of the emulated cloud is known from: nothing is claimed without a source."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from darabonba.model import DaraModel
from support.cli import cli_on

from tests.conformance.emulated_facts import codes, operations, states
from tests.conformance.provenance import KINDS, provenance

FOUND: dict[str, Callable[[], set[str]]] = {
    "operations": operations,
    "states": states,
    "codes": codes,
}
TURNED_TO = re.compile(rf"({'|'.join(KINDS)}) \d{{4}}-(0[1-9]|1[0-2])")
ADAPTER = "ackgpu/cloud/aliyun/"


@pytest.mark.parametrize("part", FOUND)
def test_each_entry_has_its_source_and_no_source_is_left_over(part: str) -> None:
    claimed, known = FOUND[part](), set(provenance()[part])
    assert sorted(claimed - known) == [], "give it a line in data/provenance.json"
    assert sorted(known - claimed) == [], "nothing in the emulator is called so"


def test_a_source_is_one_of_four_kinds_with_a_month() -> None:
    for part in provenance().values():
        for name, source in part.items():
            assert TURNED_TO.fullmatch(source), f"{name}: {source}"


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The members of the SDK's answers that ackgpu's adapter reads, while the test runs."""
    seen: set[str] = set()
    plain = DaraModel.__getattribute__

    def look(self: DaraModel, name: str) -> Any:
        kind = type(self).__name__
        if "ResponseBody" in kind and name in plain(self, "__dict__"):
            reader = sys._getframe(1).f_code.co_filename
            if ADAPTER in reader:
                action, _, inside = kind.partition("ResponseBody")
                seen.add(f"{action}: {inside}.{name}" if inside else f"{action}: {name}")
        return plain(self, name)

    monkeypatch.setattr(DaraModel, "__getattribute__", look)
    return seen


LIFE = (
    "create demo --nodes 1",
    "list",
    "describe demo --resources --events",
    "verify demo",
    "preflight more",
    "check-quota",
    "offers",
    "plan more",
    "export terraform demo",
    "export ros demo",
    "nodepool list demo",
    "nodepool add demo second --nodes 1 --instance-type ecs.sgn7i-vws-m2s.xlarge",
    "nodepool scale demo second --nodes 2 -y",
    "nodepool delete demo second -y",
    "extend demo --ttl 1h",
    "gc --dry-run",
    "delete demo -y",
)


@pytest.mark.long
def test_each_member_of_an_answer_that_ackgpu_reads_has_its_source(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], read: set[str]
) -> None:
    with cli_on(tmp_path / "user", capsys) as cli:
        ends = {line: cli(*line.split()) for line in LIFE}
    assert {line: e.err for line, e in ends.items() if e.code} == {}
    unknown = sorted(read - set(provenance()["fields"]))
    assert not unknown, f"each needs a line in data/provenance.json: {'; '.join(unknown)}"
