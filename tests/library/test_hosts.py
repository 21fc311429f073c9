"""Programs that use the library in ways of their own: it neither breaks them nor hides anything."""

from __future__ import annotations

import json
import logging
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from support.programs import SPEC, around

import ackgpu
from ackgpu import errors
from ackgpu.call_timeout import give_up_after
from ackgpu.emulator import Emulator
from ackgpu.engine.events import Event


@pytest.mark.long
def test_a_callback_that_fails_is_logged_and_the_work_goes_on(
    emulator: Emulator, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def progress(event: Event) -> None:
        raise ValueError(f"mine, at {type(event).__name__}")

    with (
        caplog.at_level(logging.ERROR, logger="ackgpu"),
        ackgpu.Ackgpu(emulator=emulator, env=around(tmp_path), progress=progress) as cloud,
    ):
        assert cloud.create(SPEC).record.gpu_nodes_verified == 2
    assert "The callback for progress failed at RunStarted" in caplog.text
    assert "ValueError: mine, at RunFinished" in caplog.text


def test_a_closed_client_stops_its_calls_and_takes_no_more(
    emulator: Emulator, tmp_path: Path
) -> None:
    with ackgpu.Ackgpu(emulator=emulator, env=around(tmp_path)) as cloud:
        creation = cloud.start(cloud.create, SPEC)
        next(iter(creation))
    with pytest.raises(errors.Interrupted):
        creation.result()
    with pytest.raises(errors.UsageError, match="closed"):
        cloud.list()
    cloud.close()


def test_an_embedded_account_that_is_closed_is_left_at_once(tmp_path: Path) -> None:
    with ackgpu.Ackgpu(emulator=True, env=around(tmp_path)) as cloud:
        creation = cloud.start(cloud.create, SPEC)
        next(iter(creation))
    with pytest.raises(errors.AckGpuError) as ended:
        creation.result()
    assert isinstance(ended.value, errors.Interrupted)


@pytest.mark.long
def test_a_form_of_output_that_the_environment_prefers_is_not_the_librarys(
    emulator: Emulator, tmp_path: Path
) -> None:
    env = {**around(tmp_path), "ACKGPU_OUTPUT": "name"}
    with ackgpu.Ackgpu(emulator=emulator, env=env) as cloud:
        cloud.create({**SPEC, "verify": {"level": "none"}}, wait=False)
        [row] = cloud.list().record.clusters
    assert row.hourly is not None


@pytest.mark.parametrize("form", ["path", "mapping"])
def test_a_stopped_call_names_a_command_that_goes_on(
    cloud: ackgpu.Ackgpu, tmp_path: Path, form: str
) -> None:
    path = tmp_path / "cluster.yaml"
    path.write_text(json.dumps({"apiVersion": "ackgpu.dev/v1alpha1", "kind": "GpuCluster", **SPEC}))
    creation = cloud.start(cloud.create, path if form == "path" else SPEC)
    next(iter(creation))
    creation.cancel()
    with pytest.raises(errors.Interrupted) as stopped:
        creation.result()
    file = path if form == "path" else "-"
    assert f"`ackgpu create -f {file}" in f"{stopped.value.message} {stopped.value.resolution}"


def test_a_policy_for_nothing_that_there_is_says_what_there_is(cloud: ackgpu.Ackgpu) -> None:
    with pytest.raises(errors.UsageError, match="nonsense is not known") as refused:
        cloud.policy(SPEC, "nonsense")  # type: ignore[arg-type]  # as without mypy
    assert "create" in refused.value.details


def test_a_form_that_there_is_not_is_refused_with_those_that_there_are(
    cloud: ackgpu.Ackgpu,
) -> None:
    with pytest.raises(errors.UsageError, match="nonsense is not known") as refused:
        cloud.export("demo", "nonsense")  # type: ignore[arg-type]  # as without mypy
    assert "terraform" in refused.value.details


def test_a_burst_of_calls_leaves_few_threads_behind() -> None:
    many = 64
    meeting = threading.Barrier(many)
    callers = [
        threading.Thread(target=give_up_after, args=(60.0, meeting.wait)) for _ in range(many)
    ]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    while len(left := [t for t in threading.enumerate() if t.name == "ackgpu-call"]) > many // 2:
        left[0].join(0.01)  # those that end have been told to


def test_a_client_whose_cloud_does_not_answer_holds_up_no_other(
    cloud: ackgpu.Ackgpu, emulator: Emulator, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        env = {
            **around(tmp_path),
            **emulator.env,
            "ACKGPU_ENDPOINT_URL": f"http://127.0.0.1:{silent.getsockname()[1]}",
        }
        with ackgpu.Ackgpu(env=env) as waiting:
            call = waiting.start(waiting.delete, "demo")
            connection, _ = silent.accept()  # it asks who it is, and hears nothing
            with connection:
                assert not cloud.delete("demo").record.existed
    with pytest.raises(errors.AckGpuError):
        call.result()


FORKS = """
import multiprocessing
import ackgpu

def names():
    with ackgpu.Ackgpu() as cloud:
        return [row.name for row in cloud.list().record.clusters]

print(names())
with multiprocessing.get_context("fork").Pool(2) as pool:
    print(*[pool.apply(names) for _ in range(4)])
"""


@pytest.mark.long
def test_a_process_that_forks_calls_on_in_its_children(emulator: Emulator, tmp_path: Path) -> None:
    script = tmp_path / "forks.py"
    script.write_text(FORKS)
    told = subprocess.run(
        [sys.executable, "-W", "ignore", str(script)],
        env={**around(tmp_path), **emulator.env, "PATH": os.environ["PATH"]},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (told.stdout.splitlines(), told.stderr) == (["[]", "[] [] [] []"], "")
