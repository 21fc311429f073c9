"""Reading ``nvidia-smi``: the layouts of several driver branches, and what is no table."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ackgpu.cloud.api import Executed
from ackgpu.steps.nvidia_smi import (
    Smi,
    SmiGpu,
    as_label,
    is_licensed,
    parse_csv,
    parse_license,
    parse_table,
    trouble,
)

FOLDER = Path(__file__).resolve().parents[2] / "fixtures" / "nvidia-smi"
V100 = SmiGpu("Tesla V100-SXM2...", 16160)
TABLES = {
    "table-418.70-grid-p4-2q": Smi("418.70", "10.1", (SmiGpu("GRID P4-2Q", 2048),)),
    "table-470.256.03-two-v100": Smi("470.256.03", "11.4", (V100, V100)),
    "table-535.183.06-a10-4q": Smi("535.183.06", "12.2", (SmiGpu("NVIDIA A10-4Q", 4096),)),
    "table-550.54.15-l20": Smi("550.54.15", "12.4", (SmiGpu("NVIDIA L20", 46068),)),
}
WHOLE_V100 = SmiGpu("Tesla V100-SXM2-16GB", 16160)
QUERIES = {
    "query-470.256.03": Smi("470.256.03", "", (SmiGpu("GRID P4-2Q", 2048),)),
    "query-nounits-noheader": Smi("535.183.06", "", (WHOLE_V100, WHOLE_V100)),
    "query-unknown-memory": Smi("580.95.05", "", (SmiGpu("NVIDIA GB10", None),)),
}


def read(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", TABLES)
def test_each_branchs_table_is_read(name: str) -> None:
    assert parse_table(read(f"{name}.txt")) == TABLES[name]


@pytest.mark.parametrize("name", TABLES)
def test_a_terminals_line_ends_change_nothing(name: str) -> None:
    text = read(f"{name}.txt").replace("\n", "\r\n")
    assert parse_table(text) == TABLES[name]


@pytest.mark.parametrize("name", QUERIES)
def test_each_form_of_the_query_is_read(name: str) -> None:
    assert parse_csv(read(f"{name}.csv")) == QUERIES[name]


@pytest.mark.parametrize(
    "text", ["", "No devices were found\n", "Failed to initialize NVML: Unknown Error\n"]
)
def test_what_is_no_table_gives_none(text: str) -> None:
    assert parse_table(text) is None
    assert parse_csv(text) is None


@given(st.text())
def test_no_text_breaks_the_readers(text: str) -> None:
    parse_table(text)
    parse_csv(text)
    parse_license(text)


def test_the_licence_is_read_in_old_and_new_words() -> None:
    assert parse_license(read("full-418.70-licensed.txt")) == "Licensed"
    assert parse_license(read("full-535.183.06-unlicensed.txt")) == "Unlicensed (Restricted)"
    assert parse_license(read("table-550.54.15-l20.txt")) == ""


@pytest.mark.parametrize(
    ("status", "licensed"),
    [
        ("", True),
        ("Licensed", True),
        ("Licensed (Expiry: 2026-12-1 0:0:0 GMT)", True),
        ("Unlicensed (Unrestricted)", False),
        ("Unlicensed (Restricted)", False),
    ],
)
def test_only_a_licence_counts_as_one(status: str, *, licensed: bool) -> None:
    assert is_licensed(status) is licensed


def test_a_name_becomes_the_label_that_the_bootstrap_script_writes() -> None:
    assert as_label("GRID P4-2Q") == "GRID-P4-2Q"


def test_trouble_says_what_the_tool_said() -> None:
    assert trouble(Executed("fine", "", 0)) == ""
    assert "no GPU" in trouble(Executed("", "sh: 1: nvidia-smi: not found\n", 127))
    mismatch = Executed("Failed to initialize NVML: Driver/library version mismatch\n", "", 18)
    assert trouble(mismatch).endswith("Driver/library version mismatch")
    assert trouble(Executed("", "", 9)).endswith("exit code 9")
