"""``gc --print-schedule``: the job that somebody has to run, or nothing expires by itself."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping

from ackgpu.commands.account.gc import GcOptions
from ackgpu.errors import UsageError
from ackgpu.render.results import PlainText, Result
from ackgpu.session import Session

EVERY = "17 * * * *"
"""Once an hour, at a minute at which not everybody's jobs begin."""
IMAGE = "python:3.13-slim"


def print_job(options: GcOptions, session: Session) -> Result:
    """Print the job of the kind that was requested, which carries out ``gc`` with these options."""
    if options.print_schedule not in SCHEDULES:
        raise UsageError(
            f"--print-schedule {options.print_schedule} is not known.",
            resolution=f"One of: {', '.join(SCHEDULES)}.",
        )
    command = session.settings.job(shlex.join(("gc", *_words(options), "--execute", "--yes")))
    return Result(command="gc", part=PlainText(text=SCHEDULES[options.print_schedule](command)))


def _words(options: GcOptions) -> list[str]:
    """The flags that select."""
    flags = {
        "--expired": options.expired,
        "--orphans": options.orphans,
        "--all-regions": options.all_regions,
    }
    words = [flag for flag, given in flags.items() if given]
    words += ["--older-than", options.older_than] if options.older_than else []
    return words + (["--timeout", options.timeout] if options.timeout else [])


def _cron(command: str) -> str:
    return (
        "# crontab -e. cron has no environment: the profile in ~/.aliyun/config.json signs.\n"
        f"{EVERY} {command} >>$HOME/ackgpu-gc.log 2>&1\n"
    )


def _github(command: str) -> str:
    return f"""\
# .github/workflows/ackgpu-gc.yml. The secrets are those of a RAM user or role that may delete:
# `ackgpu policy generate --for gc` writes its policy.
name: ackgpu gc
on:
  schedule:
    - cron: "{EVERY}"
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


def _kubernetes(command: str) -> str:
    return f"""\
# kubectl apply -f -. In a cluster that gc does not delete; the Secret ackgpu-gc holds
# ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET.
apiVersion: batch/v1
kind: CronJob
metadata:
  name: ackgpu-gc
spec:
  schedule: "{EVERY}"
  concurrencyPolicy: Forbid
  jobTemplate:
    spec:
      backoffLimit: 0
      template:
        spec:
          restartPolicy: Never
          containers:
            - name: gc
              image: {IMAGE}
              command: ["sh", "-c", "pip install --quiet ackgpu && exec {command}"]
              envFrom:
                - secretRef:
                    name: ackgpu-gc
"""


SCHEDULES: Mapping[str, Callable[[str], str]] = {
    "cron": _cron,
    "github": _github,
    "kubernetes": _kubernetes,
}
