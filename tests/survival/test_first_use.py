"""The first calls of a process come from several threads at once."""

from __future__ import annotations

import subprocess
import sys

MANY = """
import sys, threading
from ackgpu.cloud.aliyun import lazy_models

def crawl(frame, event, _):
    if frame.f_code.co_filename.endswith("lazy_models.py"):
        threading.Event().wait(0.002)  # every other thread runs between any two lines
        return crawl

threading.settrace(crawl)
start = threading.Barrier(16)
found = []

def use():
    start.wait()
    found.append(lazy_models.install("alibabacloud_slb20140515").DescribeZonesRequest)

threads = [threading.Thread(target=use) for _ in range(16)]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert len(found) == 16 and len(set(found)) == 1, found
"""


def test_sixteen_threads_find_the_same_model_class() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", MANY], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
