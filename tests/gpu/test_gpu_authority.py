"""A cluster whose authority has no key identifiers, as ACK's had in 2019 and 2020."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography import x509
from gpu.lab import lab_on

from ackgpu.emulator import Emulator
from ackgpu.emulator.faults import ConfigurationError

WITHOUT = {"key_identifiers": False}


def identifiers(pem: str) -> list[str]:
    kinds = (x509.SubjectKeyIdentifier, x509.AuthorityKeyIdentifier)
    extensions = x509.load_pem_x509_certificate(pem.encode()).extensions
    return [type(row.value).__name__ for row in extensions if isinstance(row.value, kinds)]


@pytest.mark.long
def test_its_nodes_are_verified_and_its_samples_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with lab_on(tmp_path / "user", capsys, scenario=WITHOUT) as lab:
        assert identifiers(lab.cli.emulator.authority) == []
        ended = lab.verify("--level", "cuda")
        assert ended.code == 0, ended.err


def test_an_account_keeps_its_kind_of_authority(tmp_path: Path) -> None:
    with Emulator(tmp_path, speed=60) as emulator:
        assert identifiers(emulator.authority) == ["SubjectKeyIdentifier"]
    with (
        pytest.raises(ConfigurationError, match="key_identifiers: this account has another"),
        Emulator(tmp_path, speed=60, scenario=WITHOUT),
    ):
        pytest.fail("it was opened")
    with Emulator(tmp_path, speed=60, scenario={"key_identifiers": True}) as emulator:
        assert identifiers(emulator.authority) == ["SubjectKeyIdentifier"]
