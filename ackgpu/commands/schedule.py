"""The jobs that ``gc`` and ``sleep`` print: somebody has to run them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ackgpu import flag
from ackgpu.errors import UsageError
from ackgpu.render.results import PlainText, Result
from ackgpu.session import Session

if TYPE_CHECKING:
    from ackgpu.commands.account.gc import GcOptions

IMAGE = "python:3.13-slim"
GC_EVERY = "17 * * * *"
"""Once an hour, at a minute at which not everybody's jobs begin."""
_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True)
class Job:
    """A command line and when it runs: five fields as cron has them."""

    verb: str
    when: str
    command: str


def check_kind(kind: str, schedules: Mapping[str, object]) -> None:
    """Raise UsageError for a form of schedule that there is not."""
    if kind not in schedules:
        raise UsageError(
            f"{flag.PRINT_SCHEDULE} {kind} is not known.",
            resolution=f"One of: {', '.join(schedules)}.",
        )


def cron_job(job: Job, *, secret: str, retries: int) -> str:
    """The manifest of a job; ``secret`` names the Secret that holds its keys."""
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
      backoffLimit: {retries}
      template:
        spec:
          restartPolicy: Never
          containers:
            - name: {job.verb}
              image: {IMAGE}
              command: ["sh", "-c", "pip install --quiet ackgpu && exec {job.command}"]
              envFrom:
                - secretRef:
                    name: {secret}
"""


def print_job(options: GcOptions, session: Session) -> Result:
    """Print the job of the kind that was requested, which carries out ``gc`` with these options."""
    check_kind(options.print_schedule, GC_SCHEDULES)
    command = session.settings.job(shlex.join(("gc", *_words(options), flag.EXECUTE, flag.YES)))
    return Result(command="gc", part=PlainText(text=GC_SCHEDULES[options.print_schedule](command)))


def _words(options: GcOptions) -> list[str]:
    """The flags that select."""
    flags = {
        flag.EXPIRED: options.expired,
        flag.ORPHANS: options.orphans,
        flag.ALL_REGIONS: options.all_regions,
    }
    words = [flag for flag, given in flags.items() if given]
    words += [flag.OLDER_THAN, options.older_than] if options.older_than else []
    return words + ([flag.TIMEOUT, options.timeout] if options.timeout else [])


def _gc_cron(command: str) -> str:
    return (
        "# crontab -e. cron has no environment: the profile in ~/.aliyun/config.json signs.\n"
        f"{GC_EVERY} {command} >>$HOME/ackgpu-gc.log 2>&1\n"
    )


def _gc_github(command: str) -> str:
    return f"""\
# .github/workflows/ackgpu-gc.yml. The secrets are those of a RAM user or role that may delete:
# `ackgpu policy generate {flag.FOR} gc` writes its policy.
name: ackgpu gc
on:
  schedule:
    - cron: "{GC_EVERY}"
  workflow_dispatch:
permissions: {{}}
concurrency: ackgpu-gc
jobs:
  gc:
    runs-on: ubuntu-latest
    steps:
      - run: python3 -m pip install ackgpu
      - run: {command}
        env:
          ALIBABA_CLOUD_ACCESS_KEY_ID: ${{{{ secrets.ALIBABA_CLOUD_ACCESS_KEY_ID }}}}
          ALIBABA_CLOUD_ACCESS_KEY_SECRET: ${{{{ secrets.ALIBABA_CLOUD_ACCESS_KEY_SECRET }}}}
"""


def _gc_kubernetes(command: str) -> str:
    return (
        "# kubectl apply -f -. In a cluster that gc does not delete; the Secret ackgpu-gc holds\n"
        "# ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET.\n"
        + cron_job(Job("gc", GC_EVERY, command), secret="ackgpu-gc", retries=0)  # noqa: S106
    )


GC_SCHEDULES: Mapping[str, Callable[[str], str]] = {
    "cron": _gc_cron,
    "github": _gc_github,
    "kubernetes": _gc_kubernetes,
}


@dataclass(frozen=True, kw_only=True)
class ScheduleOptions:
    """What is printed. ``at`` and ``until``: ``HH:MM``; ``until`` empty: it is woken by hand."""

    name: str
    at: str
    until: str = ""
    kind: str = "cron"


def print_jobs(options: ScheduleOptions, session: Session) -> Result:
    """Print the jobs that put the cluster to sleep and wake it each working day."""
    check_kind(options.kind, SCHEDULES)
    if not options.at:
        raise UsageError(f"{flag.UNTIL} needs {flag.AT}: when the cluster goes to sleep.")
    command = session.settings.job
    jobs = [Job("sleep", _when(flag.AT, options.at), f"{command(f'sleep {options.name}')} -y")]
    if options.until:
        jobs.append(Job("wake", _when(flag.UNTIL, options.until), command(f"wake {options.name}")))
    if len({job.when for job in jobs}) < len(jobs):
        raise UsageError(
            f"{flag.AT} {options.at} and {flag.UNTIL} {options.until} are the same time."
        )
    return Result(command="sleep", part=PlainText(text=SCHEDULES[options.kind](jobs)))


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
# `ackgpu policy generate {flag.FOR} sleep` writes its policy.
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
    manifests = (cron_job(job, secret="ackgpu-sleep", retries=2) for job in jobs)  # noqa: S106
    return head + "---\n".join(manifests)


SCHEDULES: Mapping[str, Callable[[list[Job]], str]] = {
    "cron": _cron,
    "github": _github,
    "kubernetes": _kubernetes,
}
