from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
from ackgpu.clock import ManualClock
from ackgpu.render.terminal import Terminal
from ackgpu.render.output import present
from ackgpu.render.results import ClusterList, Result
from ackgpu.streams import Streams

streams = Streams.for_tests()
Terminal(streams, "jsonl").of_run(ManualClock())
present(streams, "json", Result(command="list", part=ClusterList(clusters=())))
print(sorted(sys.modules.keys() & {"rich", "ruamel.yaml", "xml.etree"}))
"""


def test_a_document_loads_nothing_that_draws():
    found = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60, check=True
    )
    assert found.stdout == "[]\n"
