"""``sleep --at --until``: the jobs that somebody has to run, or no cluster sleeps by itself."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ackgpu.errors import UsageError
from ackgpu.render.results import PlainText, Result
from ackgpu.session import Session

IMAGE = "python:3.13-slim"
_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True, kw_only=True)
class ScheduleOptions:
    """What is printed. ``at`` and ``until``: ``HH:MM``; ``until`` empty: it is woken by hand."""

    name: str
    at: str
    until: str = ""
    kind: str = "cron"


def print_jobs(options: ScheduleOptions, session: Session) -> Result:
    """Print the jobs that put the cluster to sleep and wake it each working day."""
    if options.kind not in SCHEDULES:
        raise UsageError(
            f"--print-schedule {options.kind} is not known.",
            resolution=f"One of: {', '.join(SCHEDULES)}.",
        )
    if not options.at:
        raise UsageError("--until needs --at: when the cluster goes to sleep.")
    jobs = [
        Job("sleep", _when("--at", options.at), _command(session, f"sleep {options.name}", "-y"))
    ]
    if options.until:
        command = _command(session, f"wake {options.name}")
        jobs.append(Job("wake", _when("--until", options.until), command))
    return Result(command="sleep", part=PlainText(text=SCHEDULES[options.kind](jobs)))


@dataclass(frozen=True)
class Job:
    """One of the two. ``when`` is five fields as cron has them."""

    verb: str
    when: str
    command: str


def _command(session: Session, line: str, *flags: str) -> str:
    return " ".join((session.settings.job(line), *(shlex.quote(flag) for flag in flags)))


def _when(flag: str, time: str) -> str:
    found = _TIME.fullmatch(time)
    if found is None:
        raise UsageError(f"{flag} {time}: a time of day is written HH:MM, such as 20:00.")
    return f"{int(found[2])} {int(found[1])} * * 1-5"


def _cron(jobs: list[Job]) -> str:
    lines = "".join(f"{job.when} {job.command} >>$HOME/ackgpu-sleep.log 2>&1\n" for job in jobs)
    return (
        "# crontab -e. By this machine's time zone. cron has no environment: the profile in\n"
        f"# ~/.aliyun/config.json signs.\n{lines}"
    )


def _github(jobs: list[Job]) -> str:
    crons = "".join(f'    - cron: "{job.when}"  # {job.verb}; UTC\n' for job in jobs)
    steps = "".join(
        f"      - if: github.event.schedule == '{job.when}'\n        run: {job.command}\n"
        for job in jobs
    )
    return f"""\
# .github/workflows/ackgpu-sleep.yml. The secrets are those of a RAM user or role that may do it:
# `ackgpu policy generate --for sleep` writes its policy.
name: ackgpu sleep
on:
  schedule:
{crons}permissions: {{}}
concurrency: ackgpu-sleep
jobs:
  sleep:
    runs-on: ubuntu-latest
    env:
      ALIBABA_CLOUD_ACCESS_KEY_ID: ${{{{ secrets.ALIBABA_CLOUD_ACCESS_KEY_ID }}}}
      ALIBABA_CLOUD_ACCESS_KEY_SECRET: ${{{{ secrets.ALIBABA_CLOUD_ACCESS_KEY_SECRET }}}}
    steps:
      - run: python3 -m pip install ackgpu
{steps}"""


def _kubernetes(jobs: list[Job]) -> str:
    head = (
        "# kubectl apply -f -. In a cluster that does not sleep; the Secret ackgpu-sleep holds\n"
        "# ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET. Times are UTC,\n"
        "# unless the control plane has another zone: spec.timeZone names one.\n"
    )
    return head + "---\n".join(_cron_job(job) for job in jobs)


def _cron_job(job: Job) -> str:
    return f"""\
apiVersion: batch/v1
kind: CronJob
metadata:
  name: ackgpu-{job.verb}
spec:
  schedule: "{job.when}"
  concurrencyPolicy: Forbid
  jobTemplate:
    spec:
      backoffLimit: 2
      template:
        spec:
          restartPolicy: Never
          containers:
            - name: {job.verb}
              image: {IMAGE}
              command: ["sh", "-c", "pip install --quiet ackgpu && exec {job.command}"]
              envFrom:
                - secretRef:
                    name: ackgpu-sleep
"""


SCHEDULES: Mapping[str, Callable[[list[Job]], str]] = {
    "cron": _cron,
    "github": _github,
    "kubernetes": _kubernetes,
}
