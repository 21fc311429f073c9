"""CronJobs: the Jobs that their schedules have made due, their history and their status.

Reading sees them as soon as time has passed: what was due is made up for, moment by moment, before
anything is read or written. Of more runs than are kept, only the last are made.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from datetime import timedelta
from zoneinfo import ZoneInfo

from ackgpu.emulator.kube.controllers import reconcile
from ackgpu.emulator.kube.deletion import delete_with_owned
from ackgpu.emulator.kube.object_store import store_again, store_new
from ackgpu.emulator.kube.objects import Obj, owner_reference
from ackgpu.emulator.kube.pod_timeline import settle
from ackgpu.emulator.kube.resources import by_plural
from ackgpu.emulator.kube.state import TICKS, ClusterState, StoredObject, rfc3339, written_entry
from ackgpu.emulator.kube.workloads import owned
from ackgpu.emulator.shared.timetable import moments
from ackgpu.emulator.store import Doc

LIMITS = {"Complete": "successfulJobsHistoryLimit", "Failed": "failedJobsHistoryLimit"}
MOST = 20  # runs that are made up for at once; a real controller gives up at 100


def make_due(state: ClusterState) -> None:
    """Make the Jobs that are due, each at its moment, and let those go that are not kept."""
    now = state.now
    for at, doc in sorted(due(state), key=lambda row: row[0]):
        state.now = max(at, doc.created_at)
        state.forget_entries()
        settle(state)
        _run(state, doc, at)
        reconcile(state)
    state.now = now
    state.forget_entries()
    for job in _surplus(state):
        _remove(state, job)


def is_behind(state: ClusterState) -> bool:
    """Whether something is due that is not there yet, or there and not kept."""
    return bool(state.written("cronjobs")) and (bool(due(state)) or bool(_surplus(state)))


def due(state: ClusterState) -> list[tuple[float, Doc]]:
    """The moments since the last run at which each CronJob wants one."""
    found = []
    for doc in state.written("cronjobs"):
        spec = doc.body["object"]["spec"]
        since = float(doc.body.get("scheduled", doc.created_at))
        if not spec.get("suspend") and "deletionTimestamp" not in doc.body["object"]["metadata"]:
            changed = int(doc.body["version"]) / TICKS
            times = list(_moments(state, spec, since))
            # What was missed while it was suspended is made up for once.
            late = [at for at in times if at < changed][-1:]
            found += [(at, doc) for at in (late + [t for t in times if t >= changed])[-MOST:]]
    return found


def _moments(state: ClusterState, spec: Obj, since: float) -> Iterator[float]:
    now = state.timeline.instant(state.now).astimezone(ZoneInfo(spec.get("timeZone") or "UTC"))
    try:
        for moment in moments(spec["schedule"], now - timedelta(seconds=state.now - since), now):
            yield state.now - (now - moment).total_seconds()
    except ValueError:
        return


def _run(state: ClusterState, doc: Doc, at: float) -> None:
    cron = state.documents("cronjobs")[_key(doc)]
    obj = cron.body["object"]
    spec, metadata = obj["spec"], obj["metadata"]
    cron.body["scheduled"] = at
    active = [job for job in owned(state, "jobs", metadata["uid"]) if not _ended(state, job)]
    if active and spec["concurrencyPolicy"] == "Forbid":
        store_again(state, cron)
        return
    if spec["concurrencyPolicy"] == "Replace":
        for job in active:
            _remove(state, job)
    cron.body["last"] = at
    store_again(state, cron)
    template, instant = copy.deepcopy(spec["jobTemplate"]), state.timeline.instant(at)
    made = template.get("metadata") or {}
    told = {"batch.kubernetes.io/cronjob-scheduled-timestamp": rfc3339(instant)}
    head = {
        "name": f"{metadata['name']}-{int(instant.timestamp() // 60)}",
        "namespace": metadata["namespace"], "labels": made.get("labels") or {},
        "annotations": {**(made.get("annotations") or {}), **told},
        "ownerReferences": [owner_reference(obj)],
    }  # fmt: skip
    new = {"apiVersion": "batch/v1", "kind": "Job", "metadata": head, "spec": template["spec"]}
    store_new(state, by_plural("jobs"), new)


def _key(doc: Doc) -> tuple[str, str]:
    metadata = doc.body["object"]["metadata"]
    return metadata["namespace"], metadata["name"]


def _remove(state: ClusterState, job: Doc) -> None:
    delete_with_owned(state, by_plural("jobs"), job, "Background")


def _ended(state: ClusterState, job: Doc) -> str:
    """``Complete`` or ``Failed`` of a Job that has ended, else nothing."""
    entry = state.entry("jobs", _key(job))
    rows = entry.object["status"].get("conditions") or [] if entry else []
    return next((row["type"] for row in rows if row["type"] in LIMITS), "")


def _surplus(state: ClusterState) -> list[Doc]:
    """The Jobs that have ended and that their CronJobs do not keep: the oldest."""
    rows: list[Doc] = []
    for doc in state.written("cronjobs"):
        obj = doc.body["object"]
        for end, limit in LIMITS.items():
            ended = [
                j for j in owned(state, "jobs", obj["metadata"]["uid"]) if _ended(state, j) == end
            ]
            ended.sort(key=lambda job: job.created_at)
            rows += ended[: max(0, len(ended) - int(obj["spec"][limit]))]
    return rows


def entries(state: ClusterState) -> list[StoredObject]:
    """Every CronJob, with the Jobs of its that run and when it ran last."""
    return [_entry(state, doc) for doc in state.written("cronjobs")]


def _entry(state: ClusterState, doc: Doc) -> StoredObject:
    status: Obj = {}
    jobs = owned(state, "jobs", doc.body["object"]["metadata"]["uid"])
    kind = {"apiVersion": "batch/v1", "kind": "Job"}
    active = [job.body["object"]["metadata"] for job in jobs if not _ended(state, job)]
    if active:
        names = ("name", "namespace", "uid")
        status["active"] = [{**kind, **{name: row[name] for name in names}} for row in active]
    if "last" in doc.body:
        status["lastScheduleTime"] = state.stamp(doc.body["last"])
    done = [state.entry("jobs", _key(job)) for job in jobs if _ended(state, job) == "Complete"]
    ends = [entry.object["status"]["completionTime"] for entry in done if entry]
    if ends:
        status["lastSuccessfulTime"] = max(ends)
    shown = written_entry(doc, None, status)
    shown.version = max([shown.version, *(entry.version for entry in done if entry)])
    return shown
