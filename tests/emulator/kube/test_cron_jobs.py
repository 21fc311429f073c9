"""CronJobs: when their Jobs are made, which may run together, which are kept."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from ackgpu.clock import ManualClock
from ackgpu.emulator import Emulator
from ackgpu.emulator.shared.timetable import moments
from tests.emulator.kube.api import TABLE, Api
from tests.emulator.kube.clusters import write_node

CRONS = "/apis/batch/v1/namespaces/default/cronjobs"
JOBS = CRONS.replace("cronjobs", "jobs")
MERGE = "application/merge-patch+json"


@pytest.fixture
def api(emulator: Emulator, cluster: str) -> Api:
    write_node(emulator, cluster)
    return Api(emulator, cluster)


def cron(*command: str, **spec: Any) -> dict[str, Any]:
    container = {"name": "c", "image": "busybox", "command": list(command)}
    pod = {"containers": [container], "restartPolicy": "Never"}
    job = {"spec": {"template": {"spec": pod}}}
    return {
        "metadata": {"name": "tick"},
        "spec": {"schedule": "* * * * *", "jobTemplate": job, **spec},
    }


def jobs(api: Api) -> list[str]:
    return [row["metadata"]["name"] for row in api.get(JOBS)["items"]]


def test_jobs_come_when_they_are_due_and_the_last_three_are_kept(
    api: Api, clock: ManualClock
) -> None:
    api.create(CRONS, cron("true"))
    assert jobs(api) == []
    clock.advance(61)
    [first] = jobs(api)
    owner = api.get(f"{JOBS}/{first}")["metadata"]["ownerReferences"][0]
    assert (owner["kind"], owner["name"]) == ("CronJob", "tick")
    clock.advance(600)
    names = jobs(api)
    assert len(names) in {3, 4}, "the last one may run still"
    assert first not in names
    status = api.get(f"{CRONS}/tick")["status"]
    assert {"lastScheduleTime", "lastSuccessfulTime"} <= set(status)
    cells = api("GET", f"{CRONS}/tick", accept=TABLE).body["rows"][0]["cells"]
    assert cells[5].endswith("s")


def test_one_that_forbids_waits_for_the_one_before(api: Api, clock: ManualClock) -> None:
    api.create(CRONS, cron("sleep", "infinity", concurrencyPolicy="Forbid"))
    clock.advance(300)
    [name] = jobs(api)
    assert [row["name"] for row in api.get(f"{CRONS}/tick")["status"]["active"]] == [name]


def test_one_that_replaces_ends_the_one_before(api: Api, clock: ManualClock) -> None:
    api.create(CRONS, cron("sleep", "infinity", concurrencyPolicy="Replace"))
    clock.advance(61)
    [first] = jobs(api)
    clock.advance(60)
    [second] = jobs(api)
    assert first != second


def test_one_that_is_suspended_makes_up_for_one_run(api: Api, clock: ManualClock) -> None:
    api.create(CRONS, cron("sleep", "infinity", suspend=True))
    clock.advance(300)
    assert jobs(api) == []
    api("PATCH", f"{CRONS}/tick", {"spec": {"suspend": False}}, content_type=MERGE)
    assert len(jobs(api)) == 1


@pytest.mark.parametrize(
    ("schedule", "first"),
    [("*/15 * * * *", "01-01 00:15"), ("0 9 * * mon-fri", "01-01 09:00"),
     ("30 4 10,15 * 5", "01-02 04:30"), ("@monthly", "02-01 00:00"),
     ("5-59/20 3 * mar ?", "03-01 03:05")],
)  # fmt: skip
def test_a_schedule_names_its_minutes(schedule: str, first: str) -> None:
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    found = next(moments(schedule, begin, begin.replace(month=4)))
    assert f"{found:%m-%d %H:%M}" == first
