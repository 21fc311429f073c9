"""What the benchmarks stand on; their figures are nobody's test."""

from __future__ import annotations

from pathlib import Path

from ackgpu.emulator import Emulator
from benchmarks.bench_emulator import NODES, fill


def test_the_account_of_many_clusters_has_each_of_them_with_its_nodes(tmp_path: Path) -> None:
    fill(tmp_path, 3)
    with Emulator(tmp_path) as emulator, emulator.backend.transaction() as session:
        kinds = session.kinds(at=emulator.backend.timeline_now(session))
    assert kinds["cluster"] == 3
    assert kinds["node"] == 3 * NODES
