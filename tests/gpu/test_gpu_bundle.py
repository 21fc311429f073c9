"""``diagnose --bundle``: all that was read, without a secret, and nothing from elsewhere."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from gpu.browser import chromium, visit
from gpu.test_gpu_report import checked
from support.cli import Cli, cli_on

PLANTED = {
    "password": "root-password: Hunter2Hunter2",
    "passwd by itself": "echo passwd S3cretS3cret",
    "token": "curl -H 'x-token=tok-0123456789abcdef'",
    "bootstrap": "attach_node.sh --openapi-token 0123ab.0123456789abcdef --region cn-hangzhou",
    "access key": "AccessKeyId LTAI5tPlantedPlanted01",
    "key secret": "AccessKeySecret=PlantedSecret0123456789",
    "bearer": "Authorization: Bearer planted-bearer-value",
    "jwt": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJwbGFudGVkIn0.plantedsignature",
    "hash": "root:$6$plantedsalt$plantedhash:19000:0:99999",
    "url": "https://user:plantedpass@registry.example/",
    "pem": "-----BEGIN RSA PRIVATE KEY-----\nplantedpem\n-----END RSA PRIVATE KEY-----",
}
LEAKS = (
    "Hunter2", "S3cret", "tok-0123", "0123ab.0123456789abcdef", "LTAI5tPlanted", "PlantedSecret",
    "planted-bearer", "eyJzdWIi", "plantedhash", "plantedpass", "plantedpem",
)  # fmt: skip


@pytest.fixture
def made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Cli]:
    """A cluster with a node whose driver failed, and whose console has secrets on it."""
    text = "\n".join(["a harmless line", *PLANTED.values(), "<script>alert(1)</script>"])
    faults = [
        {"kind": "console_output", "node": 0, "text": text},
        {"kind": "driver_failed", "node": 0},
    ]
    with cli_on(tmp_path / "user", capsys, faults={"faults": faults}) as cli:
        cli.ok("create", "demo", "--nodes", "2", "--no-verify")
        cli("wait", "demo", "--for", "gpu", "--timeout", "10m")
        yield cli


def bundle(cli: Cli, path: Path) -> str:
    ended = cli.ok("diagnose", "demo", "--bundle", str(path), "-o", "json")
    assert ended.json["bundle"] == str(path)
    return path.read_text(encoding="utf-8")


@pytest.mark.long
def test_it_says_what_was_found_and_all_that_was_read(made: Cli, tmp_path: Path) -> None:
    bundle(made, tmp_path / "demo.html")
    text = checked(tmp_path / "demo.html").text
    assert "the NVIDIA driver did not load" in text
    for title in (
        "Node pools", "Nodes, by ACK", "Failed tasks", "Rules of sg-", "Routes of vtb-",
        "Nodes, by Kubernetes", "GPU checks", "Console of i-", "ackgpu's log",
    ):  # fmt: skip
        assert title in text
    assert "a harmless line" in text
    assert "<script>alert(1)</script>" in text
    assert "times are emulated" in text


@pytest.mark.long
def test_no_secret_that_was_planted_is_in_it(made: Cli, tmp_path: Path) -> None:
    text = bundle(made, tmp_path / "demo.html")
    assert all(any(secret in line for line in PLANTED.values()) for secret in LEAKS)
    assert [secret for secret in LEAKS if secret in text] == []
    assert made.emulator.access_key_secret not in text
    assert "[redacted]" in text


@pytest.mark.long
def test_its_owner_alone_may_read_it(made: Cli, tmp_path: Path) -> None:
    bundle(made, tmp_path / "demo.html")
    assert stat.S_IMODE((tmp_path / "demo.html").stat().st_mode) == 0o600


@pytest.mark.long
def test_it_fetches_nothing_and_forbids_to(made: Cli, tmp_path: Path) -> None:
    text = bundle(made, tmp_path / "demo.html")
    assert "Content-Security-Policy\" content=\"default-src 'none'; style-src" in text
    assert not checked(tmp_path / "demo.html").attributes & {"src", "href", "srcset", "onclick"}


@pytest.mark.long
def test_a_bundle_that_cannot_be_written_is_told_so(made: Cli, tmp_path: Path) -> None:
    assert made("diagnose", "demo", "--bundle", str(tmp_path / "no" / "b.html")).code == 2
    ended = made("diagnose", "demo", "--bundle", str(tmp_path))
    assert ended.code == 2
    assert "could not be written" in ended.err


@pytest.mark.browser
def test_a_real_browser_draws_it_and_asks_nobody(made: Cli, tmp_path: Path) -> None:
    program = chromium()
    if program is None:
        pytest.skip("chromium is not installed: the bundle was not drawn by a real browser")
    bundle(made, tmp_path / "demo.html")
    seen = visit(program, tmp_path / "demo.html", tmp_path / "seen", dark=False)
    assert seen.picture.corner > 200
    assert seen.picture.colours > 20
    assert seen.asked == set()
    assert "the NVIDIA driver did not load" in seen.dom
