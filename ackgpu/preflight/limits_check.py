"""The account's limits as a check."""

from __future__ import annotations

from collections.abc import Iterator

from ackgpu.preflight.check import Check, Finding
from ackgpu.preflight.facts import Facts, Target
from ackgpu.preflight.limit_values import LimitRules
from ackgpu.preflight.quota import check_limits
from ackgpu.preflight.quota_reads import quota_reads

ID = "quota"


def quota_check(rules: LimitRules) -> Check:
    """The check under ``rules``."""

    def judge(target: Target, facts: Facts) -> Iterator[Finding]:
        rows = check_limits(target, facts, rules)
        for row in rows:
            if row.verdict == "short":
                free = max(0, (row.limit or 0) - (row.used or 0))
                why = f"{row.needed} needed, {free} free of {row.limit} ({row.source})"
                yield Finding(ID, "error", f"short: {row.title}", why, row.remedy)
            elif row.verdict == "unknown":
                fix = "`ackgpu check-quota` shows it; --skip-preflight quota goes on without."
                yield Finding(ID, "unknown", f"not known: {row.title}", row.why_unknown, fix)
        good = sum(row.verdict == "ok" for row in rows)
        if good == len(rows):
            yield Finding(ID, "ok", f"{good}/{len(rows)} limits leave room")

    return Check(ID, judge, quota_reads)
