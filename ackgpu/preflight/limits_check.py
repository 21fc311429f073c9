"""The account's limits as a check."""

from __future__ import annotations

from collections.abc import Iterator

from ackgpu import flag
from ackgpu.engine.reads import ReadResults
from ackgpu.preflight.check import Check, CheckFinding
from ackgpu.preflight.facts import Target
from ackgpu.preflight.limit_values import LimitRules
from ackgpu.preflight.quota import check_limits
from ackgpu.preflight.quota_reads import quota_reads

ID = "quota"

DOUBTED = "Ask for one more to be sure: `ackgpu check-quota` names the page."


def quota_check(rules: LimitRules) -> Check:
    """The check under ``rules``."""

    def judge(target: Target, facts: ReadResults) -> Iterator[CheckFinding]:
        rows = check_limits(target, facts, rules)
        for row in rows:
            if row.verdict == "short":
                free = max(0, (row.limit or 0) - (row.used or 0))
                why = f"{row.needed} needed, {free} free of {row.limit} ({row.source})"
                yield CheckFinding(ID, "error", f"short: {row.title}", why, row.remedy)
            elif row.verdict == "unknown":
                fix = f"`ackgpu check-quota` shows it; {flag.SKIP_PREFLIGHT} quota goes on without."
                yield CheckFinding(ID, "unknown", f"not known: {row.title}", row.why_unknown, fix)
            elif row.why_unknown:
                why = f"the documented {row.limit} stands in: {row.why_unknown}"
                fix = f"Give what you know: `ackgpu check-quota {flag.LIMIT} {row.key}=N`."
                yield CheckFinding(ID, "warning", f"assumed: {row.title}", why, fix)
            elif row.doubt:
                room = f"exactly {row.needed} needed and free: {row.title}"
                yield CheckFinding(ID, "warning", room, row.doubt, DOUBTED)
        good = sum(row.verdict == "ok" for row in rows)
        if good == len(rows) and not any(row.doubt for row in rows):
            yield CheckFinding(ID, "ok", f"{good}/{len(rows)} limits leave room")

    return Check(ID, judge, quota_reads)
