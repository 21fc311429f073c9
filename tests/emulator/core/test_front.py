"""The emulator as a context manager, as a state on disk, and as a server of its own."""

from __future__ import annotations

import http.client
import json
import math
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from ackgpu.clock import ManualClock, SystemClock
from ackgpu.emulator import Emulator
from ackgpu.emulator.attached import Attached, ask, find_live, note_of, notes_of
from ackgpu.emulator.certificates import authority_pem
from ackgpu.emulator.faults import ConfigurationError
from ackgpu.emulator.front import FILE
from ackgpu.emulator.state import reset_state, status_of
from ackgpu.emulator.store import Doc
from tests.support.signing import acs3, rpc_v1

PROGRAM = """
import json, sys
from pathlib import Path
from ackgpu.emulator.serve import serve
serve(Path(sys.argv[1]), **json.loads(sys.argv[2]))
"""


def put(emulator: Emulator, name: str, created_at: float = 0.0) -> None:
    with emulator.backend.transaction(write=True) as session:
        session.put(Doc("vpc", name, created_at=created_at))


def names(emulator: Emulator) -> list[str]:
    with emulator.backend.transaction() as session:
        return [doc.id for doc in session.find("vpc")]


def action_over_http(endpoint: str, action: str) -> int:
    request = rpc_v1(action, "2016-04-28")
    connection = http.client.HTTPConnection(urlsplit(endpoint).netloc, timeout=10)
    try:
        connection.request("GET", request.target)
        response = connection.getresponse()
        response.read()
        return response.status
    finally:
        connection.close()


def test_the_environment_leads_to_this_emulator(emulator: Emulator) -> None:
    assert emulator.env == {
        "ACKGPU_ENDPOINT_URL": emulator.endpoint,
        "ACKGPU_CLOCK_SPEED": "1",
        "ALIBABA_CLOUD_ACCESS_KEY_ID": emulator.access_key_id,
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": emulator.access_key_secret,
        "ALIBABA_CLOUD_REGION_ID": "cn-hangzhou",
        "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true",
    }


def test_speed_is_sixty_unless_told_or_the_clocks_own() -> None:
    assert Emulator().speed == 60
    assert Emulator(speed=5).speed == 5
    assert Emulator(clock=ManualClock()).speed == 1


def test_an_account_without_a_state_is_forgotten() -> None:
    for _ in range(2):
        with Emulator(clock=ManualClock()) as emulator:
            assert names(emulator) == []
            put(emulator, "vpc-1")


def test_a_state_may_be_a_text(tmp_path: Path) -> None:
    with Emulator(str(tmp_path / "state")):
        assert (tmp_path / "state" / FILE).exists()


def test_a_state_keeps_account_ports_authority_and_time(tmp_path: Path) -> None:
    seen = []
    clock = ManualClock()
    for number in range(2):
        with Emulator(tmp_path / "state", clock=clock) as emulator:
            put(emulator, f"vpc-{number}")
            with emulator.backend.transaction(write=True) as session:
                authority = authority_pem(session)
            seen.append((emulator.endpoint, emulator.kube_endpoint, authority))
            assert emulator.backend.timeline_now() == number * 100
        clock.advance(100)
    assert seen[0] == seen[1]
    with Emulator(tmp_path / "state", clock=clock) as emulator:
        assert names(emulator) == ["vpc-0", "vpc-1"]


def test_time_never_jumps_when_the_speed_changes(tmp_path: Path) -> None:
    clock = ManualClock()
    for speed, before, after in ((60, 0, 600), (10, 600, 700), (60, 700, 1300)):
        with Emulator(tmp_path, clock=clock, speed=speed) as emulator:
            assert emulator.backend.timeline_now() == before
            clock.advance(10)
            assert emulator.backend.timeline_now() == after


def test_ids_differ_after_a_restart_of_a_seeded_account(tmp_path: Path) -> None:
    drawn = []
    for _ in range(2):
        with Emulator(tmp_path, clock=ManualClock(), seed=7) as emulator:
            drawn.append(emulator.backend.rng.random())
    assert drawn[0] != drawn[1]


def test_another_port_is_used_where_the_kept_one_is_taken(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="ackgpu.emulator")  # as serve has it; elsewhere it is silent
    with Emulator(tmp_path, clock=ManualClock()) as first:
        kept = first.kube_endpoint
        with Emulator(tmp_path, clock=ManualClock()) as second:
            assert second.kube_endpoint != kept
            put(second, "vpc-shared")
            assert names(first) == ["vpc-shared"]
        assert "is taken: another is used" in caplog.text
    with Emulator(tmp_path, clock=ManualClock()) as third:
        assert third.kube_endpoint == kept


def test_a_wanted_port_that_is_taken_is_an_error_and_leaves_nothing_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for ports in ({"port": port}, {"kube_port": port}):
            with pytest.raises(OSError, match="in use"), Emulator(clock=ManualClock(), **ports):
                pass


def test_nonsense_is_refused_before_anything_is_opened(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError):
        Emulator(tmp_path / "state", faults={"faults": [{"effect": "explode"}]})
    with pytest.raises(ConfigurationError):
        Emulator(tmp_path / "state", scenario={"weather": "fine"})
    assert not (tmp_path / "state").exists()


def test_faults_and_scenario_may_be_files(tmp_path: Path) -> None:
    faults, scenario = tmp_path / "faults.yaml", tmp_path / "scenario.yaml"
    faults.write_text("faults: [{effect: error, status: 500, action: DescribeVpcs}]\n")
    scenario.write_text(
        "limits: {vpcs: 2}\n"
        "resources: [{action: vpc.CreateVpc, parameters: {CidrBlock: 10.0.0.0/8}}]\n"
    )
    with Emulator(clock=ManualClock(), faults=faults, scenario=scenario) as emulator:
        assert len(names(emulator)) == 1
        assert emulator.backend.settings["limits"] == {"vpcs": 2}
        assert action_over_http(emulator.endpoint, "DescribeVpcs") == 500
        put(emulator, "vpc-later")
        emulator.reset()
        assert len(names(emulator)) == 1
        assert len(emulator.requests) == 0


def test_requests_are_appended_to_a_file(tmp_path: Path) -> None:
    path = tmp_path / "requests.jsonl"
    with Emulator(clock=ManualClock(), log_file=path) as emulator:
        action_over_http(emulator.endpoint, "DescribeVpcs")
        action_over_http(emulator.endpoint, "Nonsense")
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert [(row["action"], row["status"]) for row in rows] == [
        ("DescribeVpcs", 200),
        ("Nonsense", 404),
    ]


def test_instants_shown_are_those_of_the_wall_clock(clock: ManualClock) -> None:
    with Emulator(clock=clock, speed=60) as emulator:
        clock.advance(10)
        with emulator.backend.transaction() as session:
            assert emulator.backend.timeline_now(session) == 600
            instant = emulator.backend.instant(session, 600)
    assert instant == datetime(2026, 11, 24, 0, 0, 10, tzinfo=UTC)


@contextmanager
def serving(state: Path, **options: Any) -> Iterator[tuple[dict[str, Any], subprocess.Popen[str]]]:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(state), json.dumps(options)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONWARNINGS": "error"},
    )
    assert process.stdout is not None
    try:
        yield json.loads(process.stdout.readline()), process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_serve_says_one_line_and_ends_well_on_a_signal(
    tmp_path: Path, stop: signal.Signals
) -> None:
    with serving(tmp_path, speed=30.0) as (line, process):
        assert set(line) == {
            "endpoint",
            "kubeEndpoint",
            "accessKeyId",
            "accessKeySecret",
            "region",
            "speed",
            "env",
        }
        assert line["speed"] == 30
        assert line["env"]["ACKGPU_CLOCK_SPEED"] == "30"
        assert action_over_http(line["endpoint"], "DescribeVpcs") == 200
        process.send_signal(stop)
        rest, _ = process.communicate(timeout=20)
        assert (rest, process.returncode) == ("", 0)
    assert notes_of(tmp_path / FILE) == []


def test_a_served_state_is_attached_to(tmp_path: Path) -> None:
    with serving(tmp_path) as (line, _), Emulator.attach_or_start(tmp_path) as found:
        assert isinstance(found, Attached)
        assert found.env == line["env"]
        assert found.kube_endpoint == line["kubeEndpoint"]


def test_a_state_that_nobody_serves_is_started(tmp_path: Path) -> None:
    with serving(tmp_path) as (_, process):
        process.kill()
        process.wait()
        assert notes_of(tmp_path / FILE)
        with Emulator.attach_or_start(tmp_path, clock=ManualClock()) as found:
            assert isinstance(found, Emulator)


def test_a_note_that_leads_to_another_account_is_not_followed(
    tmp_path: Path, emulator: Emulator
) -> None:
    note = note_of(tmp_path / FILE, 7)
    for endpoint in (emulator.endpoint, "http://198.51.100.1:80", "nonsense", 7):
        note.write_text(json.dumps({"endpoint": endpoint}))
        assert find_live(tmp_path / FILE) is None


@pytest.mark.long
def test_what_was_answered_survives_a_kill(tmp_path: Path) -> None:
    with serving(tmp_path) as (line, process):
        target = urlsplit(line["endpoint"])
        request = acs3(
            "CreateVpc", "2016-04-28", {"RegionId": "cn-hangzhou", "CidrBlock": "10.0.0.0/8"}
        )
        connection = http.client.HTTPConnection(target.netloc, timeout=10)
        connection.putrequest("POST", request.target, skip_host=True, skip_accept_encoding=True)
        for name, value in request.headers:
            connection.putheader(name, value)
        connection.endheaders()
        made = json.loads(connection.getresponse().read())
        connection.close()
        process.kill()
        process.wait()
    with Emulator(tmp_path, clock=ManualClock()) as emulator:
        assert names(emulator) == [made["VpcId"]]


@pytest.mark.long
def test_status_and_reset_reach_a_state_served_or_still(tmp_path: Path) -> None:
    state = tmp_path / "state"
    assert status_of(state)["documents"] == {}
    assert reset_state(state) is False
    with Emulator(state, clock=ManualClock()) as emulator:
        put(emulator, "vpc-1", created_at=-1e9)
    assert status_of(state)["documents"] == {"vpc": 1}
    with serving(state) as (line, _):
        live = status_of(state)
        assert (live["running"], live["endpoint"]) == (True, line["endpoint"])
        assert live["documents"] == {"vpc": 1}
        assert reset_state(state) is True
        assert status_of(state)["documents"] == {}
    with Emulator(state, clock=ManualClock()) as emulator:
        put(emulator, "vpc-2", created_at=-1e9)
    assert reset_state(state) is True
    still = status_of(state)
    assert (still["running"], still["documents"]) == (False, {})


@pytest.mark.long
@pytest.mark.parametrize("ends", ["first", "second"])
def test_of_two_that_serve_one_state_the_other_is_found_when_one_has_ended(
    tmp_path: Path, ends: str
) -> None:
    with serving(tmp_path) as (first, one), serving(tmp_path) as (second, two):
        leaving, staying = (one, second) if ends == "first" else (two, first)
        leaving.send_signal(signal.SIGTERM)
        leaving.wait(timeout=20)
        status = status_of(tmp_path)
    assert (status["running"], status.get("endpoint")) == (True, staying["endpoint"])


@pytest.mark.long
def test_the_note_of_a_server_that_was_killed_goes_when_the_next_one_serves(
    tmp_path: Path,
) -> None:
    with serving(tmp_path) as (_, process):
        process.kill()
        process.wait()
        with serving(tmp_path) as (_, next_one):
            assert notes_of(tmp_path / FILE) == [note_of(tmp_path / FILE, next_one.pid)]


@pytest.mark.parametrize("speed", [0, -1, 1e-9, 1e308, math.inf, math.nan])
def test_a_speed_at_which_no_clock_runs_is_refused(tmp_path: Path, speed: float) -> None:
    with pytest.raises(ConfigurationError, match="speed"):
        Emulator(tmp_path / "state", speed=speed)
    with pytest.raises(ConfigurationError, match="speed"):
        Emulator(tmp_path / "state", clock=SystemClock(speed))


@pytest.mark.parametrize("latency", [-5, 1e308, math.inf, math.nan])
def test_a_latency_that_cannot_be_is_refused(tmp_path: Path, latency: float) -> None:
    with pytest.raises(ConfigurationError, match="latency"):
        Emulator(tmp_path / "state", latency_ms=latency)


@pytest.mark.parametrize("served", [True, False])
def test_reset_mends_an_account_whose_time_is_spoilt(tmp_path: Path, *, served: bool) -> None:
    with Emulator(tmp_path, clock=ManualClock(), speed=60) as emulator:
        spoil(emulator)
        if served:
            emulator.reset()
            assert emulator.backend.timeline_now() == 0
            assert ask(emulator.endpoint, "GET", "/_emulator/status")["speed"] == 60
    if not served:
        with pytest.raises(OSError, match="emulator reset"):
            status_of(tmp_path)
        with pytest.raises(OSError, match="emulator reset"), Emulator(tmp_path):
            pass
        assert reset_state(tmp_path)
    with Emulator(tmp_path, clock=ManualClock()) as emulator:
        assert emulator.backend.timeline_now() == 0


def spoil(emulator: Emulator) -> None:
    """Leave behind what a speed that is no number once did."""
    with emulator.backend.transaction(write=True) as session:
        session.set_meta("timeline", "[[1.0, NaN, NaN]]")


def test_a_log_that_cannot_be_written_is_an_error_at_the_start(tmp_path: Path) -> None:
    log = tmp_path / "nowhere" / "requests.jsonl"
    with pytest.raises(FileNotFoundError), Emulator(clock=ManualClock(), log_file=log):
        pass


def test_the_control_api_is_asked_on_loopback_only() -> None:
    with pytest.raises(ValueError, match="not on loopback"):
        ask("http://198.51.100.1:80", "GET", "/_emulator/status")
