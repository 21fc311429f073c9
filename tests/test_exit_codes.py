"""The exit codes of the documentation are those of the errors."""

from __future__ import annotations

import re
from pathlib import Path

from ackgpu import errors

PAGE = Path(__file__).parent.parent / "docs" / "exit-codes.md"
NO_ERROR = {0, 1, 12, 129, 130, 143}
"""Success, a bug, ``plan --detailed-exitcode``, and signals: no class owns them."""


def test_every_code_of_an_error_is_documented_and_no_other() -> None:
    rows = re.findall(r"^\| ([\d, ]+) \|", PAGE.read_text(), flags=re.MULTILINE)
    documented = {int(code) for row in rows for code in row.split(",")}
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    owned = {kind.exit_code for kind in kinds if issubclass(kind, errors.AckGpuError)}
    assert documented == owned | NO_ERROR


def test_a_signal_gives_128_and_its_number() -> None:
    assert errors.Interrupted("stopped", signal_number=1).exits_with == 129
    assert errors.Interrupted("stopped", signal_number=2).exits_with == 130
    assert errors.Interrupted("stopped", signal_number=15).exits_with == 143
