"""The first calls of a process come from several threads at once."""

from __future__ import annotations

import subprocess
import sys

MANY = """
import threading
from ackgpu.cloud.aliyun import lazy_models

def crawl(frame, event, _):
    if frame.f_code.co_filename.endswith("lazy_models.py"):
        threading.Event().wait(0.002)  # every other thread runs between any two lines
        return crawl

threading.settrace(crawl)
found = []

def use(number):
    threading.Event().wait(number * 0.003)
    found.append(lazy_models.install("alibabacloud_vpc20160428").DescribeZonesRequest)

threads = [threading.Thread(target=use, args=(number,)) for number in range(99)]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert len(found) == 99 and len(set(found)) == 1, found
"""


def test_all_threads_find_the_same_model_class() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", MANY], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
