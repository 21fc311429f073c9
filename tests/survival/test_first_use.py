"""The first calls of a process come from several threads at once."""

from __future__ import annotations

import subprocess
import sys

TWO = """
import sys, threading
from ackgpu.cloud.aliyun import lazy_models

SDK = "alibabacloud_vpc20160428"
found = []

def crawl(frame, event, _):
    if "lazy_models" in frame.f_code.co_filename and frame.f_code.co_name != "<dictcomp>":
        threading.Event().wait(0.02)  # the other thread runs between any two lines
        return crawl

def first():
    sys.settrace(crawl)
    lazy_models.install(SDK)

def second():
    while f"{SDK}.models" not in sys.modules:
        threading.Event().wait(0.001)
    found.append(lazy_models.install(SDK).DescribeVSwitchesRequestTag)

threads = [threading.Thread(target=first), threading.Thread(target=second)]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert found
"""


def test_a_thread_that_comes_while_another_installs_the_models_finds_all_of_them() -> None:
    ended = subprocess.run([sys.executable, "-c", TWO], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr[-2000:]
