"""A vGPU whose licence or memory cannot be read is not taken for a good one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, cast

import pytest

from ackgpu.cloud.api import Executed, KubeApi, KubePod
from ackgpu.steps.nvidia_smi import parse_license
from ackgpu.steps.sample_trial import SampleContainer, SampleOutcome, trial
from tests.gpu.test_nvidia_smi import read

TABLE = "table-535.183.06-a10-4q.txt"


class Container:
    """Runs commands as a container whose ``nvidia-smi -q`` ends as said; ``table`` is its table."""

    def __init__(self, full: Executed, table: str) -> None:
        self._full = full
        self._table = table

    def execute(self, pod: KubePod, words: Sequence[str], order: Any = None) -> Executed:
        del pod, order
        if words[1:] == ("-q",):
            return self._full
        if words == ("nvidia-smi",):
            return Executed(self._table, "", 0)
        return Executed("", "", 1)


def tried(
    full: Executed, table: str = read(TABLE), labels: Mapping[str, str] = MappingProxyType({})
) -> SampleOutcome:
    pod = KubePod(name="p", namespace="default", node="n", phase="Running", ready=True, labels={})
    steps = trial(SampleContainer(cast("KubeApi", Container(full, table)), pod, labels))
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return cast("SampleOutcome", end.value)


@pytest.mark.parametrize(
    "full",
    [
        Executed("", "Failed to initialize NVML: Unknown Error", 255),
        Executed("", "", 0),
        Executed("Unable to determine the device handle for GPU0000:00:07.0", "", 15),
    ],
    ids=["it failed", "it printed nothing", "the GPU is lost"],
)
def test_a_licence_that_cannot_be_read_proves_nothing(full: Executed) -> None:
    driver, cuda = tried(full).rungs
    assert driver.verdict == "unknown"
    assert "could not be read" in driver.message
    assert cuda.verdict == "skipped"


def test_one_gpu_of_several_without_a_licence_is_enough() -> None:
    both = read("full-418.70-licensed.txt") + read("full-535.183.06-unlicensed.txt")
    assert parse_license(both) == "Unlicensed (Restricted)"


def test_a_slice_whose_memory_is_not_shown_is_not_as_large_as_its_label_says() -> None:
    table = re.sub(r"\d+MiB / +\d+MiB", "N/A", read(TABLE))
    label = {"aliyun.accelerator/nvidia_mem": "4096MiB"}
    driver, cuda = tried(Executed(read("full-418.70-licensed.txt"), "", 0), table, label).rungs
    assert driver.verdict == "unknown"
    assert "does not show the GPU's memory" in driver.message
    assert cuda.verdict == "skipped"
