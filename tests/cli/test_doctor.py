"""What is wrong is named, with the exit code of its kind; nothing is changed and nothing hangs."""

from __future__ import annotations

import json
import re
import socket
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from support.cli import Cli, Ended, cli_on

from ackgpu.emulator.store import Doc

ROOT = Path(__file__).parents[2]


def rows(ended: Ended) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in ended.json["checks"]}


@contextmanager
def a_cloud_whose_clock_is_off(ahead: timedelta) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response_only(404)
            self.send_header("Date", format_datetime(datetime.now(UTC) + ahead, usegmt=True))
            self.end_headers()

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            body = json.dumps({"Code": "InvalidTimeStamp.Expired", "Message": "expired"}).encode()
            self.send_response_only(400)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_where_all_is_well_every_product_was_asked_and_the_exit_code_is_0(cli: Cli) -> None:
    found = rows(cli.ok("doctor", "-o", "json"))
    asked = {"STS", "CS", "ECS", "VPC", "SLB", "QUOTAS"}
    looked_at = {"python", "packages", "state directory", "journals", "kubeconfig", "proxies",
                 "endpoints", "credentials", "clock"}  # fmt: skip
    assert {name for name, row in found.items() if row["verdict"] == "passed"} >= asked | looked_at
    assert {entry.product.upper() for entry in cli.emulator.requests} >= asked


def test_it_changes_nothing(cli: Cli) -> None:
    cli.ok("doctor")
    assert cli.emulator.requests.writes() == []
    assert list(cli.home.rglob("*")) == []


def test_no_secret_is_shown(cli: Cli) -> None:
    proxy = {"ALL_PROXY": "", "NO_PROXY": "127.0.0.1", "HTTPS_PROXY": "http://me:pass@proxy:3128"}
    shown = cli("doctor", "-o", "json", env=proxy)
    assert "proxy:3128" in shown.out
    assert "pass@" not in shown.out
    assert cli.env["ALIBABA_CLOUD_ACCESS_KEY_SECRET"] not in shown.out + shown.err


def test_missing_credentials_end_with_4(cli: Cli) -> None:
    keys = {name: "" for name in cli.env if "ACCESS_KEY" in name}
    ended = cli("doctor", "-o", "json", env=keys)
    assert ended.code == 4
    assert rows(ended)["credentials"]["verdict"] == "failed"


def test_a_wrong_secret_ends_with_4_and_the_endpoints_are_reached(cli: Cli) -> None:
    ended = cli("doctor", "-o", "json", env={"ALIBABA_CLOUD_ACCESS_KEY_SECRET": "wrong"})
    assert ended.code == 4
    found = rows(ended)
    assert found["credentials"]["verdict"] == "failed"
    assert found["ECS"]["verdict"] == "warning"
    assert "answers" in found["ECS"]["message"]


def test_a_malformed_endpoint_ends_with_2(cli: Cli) -> None:
    ended = cli("doctor", "-o", "json", env={"ACKGPU_ENDPOINT_SLB": "nonsense"})
    assert ended.code == 2
    assert rows(ended)["endpoints"]["verdict"] == "failed"


@pytest.mark.long
def test_an_endpoint_that_never_answers_ends_with_11_and_not_never(cli: Cli) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        ended = cli("doctor", "-o", "json", env={"ACKGPU_ENDPOINT_SLB": url})
    assert ended.code == 11
    found = rows(ended)
    assert found["SLB"]["verdict"] == "failed"
    assert found["ECS"]["verdict"] == "passed"


def test_a_clock_that_is_an_hour_off_is_measured(cli: Cli) -> None:
    with a_cloud_whose_clock_is_off(timedelta(hours=1)) as url:
        ended = cli("doctor", "-o", "json", env={"ACKGPU_ENDPOINT_STS": url})
    assert ended.code == 4, "the credentials are refused because of it, and come first"
    found = rows(ended)["clock"]
    assert found["verdict"] == "failed"
    assert re.search(r"3[56]\d\d s behind", found["message"])


def test_a_state_directory_that_cannot_be_written_ends_with_2(cli: Cli) -> None:
    occupied = cli.home / "file"
    occupied.write_text("")
    ended = cli("doctor", "-o", "json", env={"ACKGPU_STATE_DIR": str(occupied / "below")})
    assert ended.code == 2
    assert rows(ended)["state directory"]["verdict"] == "failed"


def test_an_unfinished_run_is_named(cli: Cli) -> None:
    directory = cli.home / "state" / "clusters" / "123" / "cn-hangzhou" / "demo"
    directory.mkdir(parents=True)
    begun = {"type": "begin", "verb": "create", "run": "r", "wall": "2026-01-01T00:00:00+00:00"}
    (directory / "journal.jsonl").write_text(json.dumps(begun) + "\n")
    found = rows(cli.ok("doctor", "-o", "json"))["journals"]
    assert found["verdict"] == "warning"
    assert "create demo in cn-hangzhou" in found["message"]


@pytest.mark.long
def test_an_unfinished_change_of_a_pool_is_named(cli: Cli) -> None:
    cli.ok("create", "demo", "--nodes", "1")
    with cli.at_speed(20):
        assert cli("nodepool", "scale", "demo", "gpu", "--nodes", "3", "--timeout", "60s").code == 7
    found = rows(cli.ok("doctor", "-o", "json"))["journals"]
    assert found["verdict"] == "warning"
    assert "scale gpu to 3 demo in cn-hangzhou" in found["message"]


@pytest.mark.long
def test_a_finished_run_is_not(cli: Cli) -> None:
    cli.ok("create", "demo")
    assert rows(cli.ok("doctor", "-o", "json"))["journals"]["verdict"] == "passed"


def test_a_kubeconfig_that_is_a_directory_ends_with_2(cli: Cli) -> None:
    cli.kubeconfig.mkdir(parents=True)
    ended = cli("doctor", "-o", "json")
    assert ended.code == 2
    assert rows(ended)["kubeconfig"]["verdict"] == "failed"


def test_a_lock_on_the_kubeconfig_is_named_and_left(cli: Cli) -> None:
    lock = cli.kubeconfig.with_name("config.lock")
    lock.parent.mkdir()
    lock.touch()
    found = rows(cli.ok("doctor", "-o", "json"))["kubeconfig"]
    assert found["verdict"] == "warning"
    assert str(lock) in found["message"]
    assert lock.exists()


@pytest.mark.parametrize("variable", ["ALL_PROXY", "REQUESTS_CA_BUNDLE"])
def test_a_variable_that_the_sdks_ignore_is_named(cli: Cli, variable: str) -> None:
    found = rows(cli("doctor", "-o", "json", env={variable: "/somewhere"}))["proxies"]
    assert found["verdict"] == "warning"
    assert variable in found["message"]


def test_a_kubectl_that_fails_is_no_failure(cli: Cli) -> None:
    broken = cli.home / "bin" / "kubectl"
    broken.parent.mkdir()
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(0o755)
    path = {"PATH": f"{broken.parent}:/bin"}
    found = rows(cli("doctor", "-o", "json", env=path))["kubectl"]
    assert found["verdict"] == "warning"
    absent = rows(cli("doctor", "-o", "json", env={"PATH": str(cli.home)}))["kubectl"]
    assert absent["verdict"] == "skipped"


def test_a_product_that_ram_refuses_is_reached_all_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with cli_on(tmp_path / "user", capsys, enforce_ram=True) as cli:
        with cli.emulator.backend.transaction(write=True) as session:
            session.put(
                Doc("ramuser", "t", name="t", created_at=0.0, body={"UserId": "2", "Policies": {}})
            )
            key = {"UserName": "t", "AccessKeySecret": "secret", "Status": "Active"}
            session.put(Doc("accesskey", "LTAIt", scope="t", created_at=0.0, body=key))
        user = {"ALIBABA_CLOUD_ACCESS_KEY_ID": "LTAIt", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "secret"}
        found = rows(cli("doctor", "-o", "json", env=user))
    assert found["credentials"]["verdict"] == "passed"
    assert found["ECS"]["verdict"] == "warning"
    assert "ecs:DescribeRegions" in found["ECS"]["remedy"]


def test_the_embedded_emulator_is_looked_at_too(cli: Cli) -> None:
    own = dict.fromkeys(cli.emulator.env, "")
    found = rows(cli("doctor", "--emulator", "-o", "json", env=own))
    assert found["emulator"]["verdict"] == "passed"
    assert "an emulator" in found["endpoints"]["message"]


def test_the_bounds_of_packages_are_those_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    table = ROOT / "ackgpu" / "commands" / "data" / "packages.toml"
    for name, bounds in tomllib.loads(table.read_text()).items():
        wanted = f">={bounds['least']}" + (f",<{bounds['below']}" if "below" in bounds else "")
        assert f"{name}{wanted}" in project["dependencies"]
