"""``explain``: what an error code or exit code means, and what to do about it."""

from __future__ import annotations

from typing import Any

from ackgpu.commands.program.explanations import Catalogue, Explanation
from ackgpu.errors import UsageError
from ackgpu.render.results import Facts, Result
from ackgpu.session import Session


def execute(code: str, session: Session) -> Result:
    """Explain ``code``; raises UsageError where neither it nor its family is known."""
    del session
    catalogue = Catalogue()
    found = catalogue.explain(code)
    similar = catalogue.similar(code)
    if found is None:
        near = f"Similar ones: {', '.join(similar)}. " if similar else ""
        raise UsageError(
            f"Nothing is known of the code {code}.",
            resolution=f"{near}Report it with the request id to Alibaba Cloud's support.",
        )
    part = Facts(headline=_headline(found), facts=_facts(found, similar))
    return Result(command="explain", part=part)


def _headline(found: Explanation) -> str:
    if found.becomes == "exit code":
        return f"exit code {found.code}"
    if found.family:
        return f"{found.code}: not known by itself; as every {found.family}"
    return found.code


def _facts(found: Explanation, similar: tuple[str, ...]) -> dict[str, Any]:
    facts: dict[str, Any] = {"code": found.code}
    if found.family:
        facts |= {"family": found.family, "similar": similar}
    return facts | {
        "becomes": found.becomes,
        "cause": found.cause,
        "fix": found.fix,
        "retried": found.retried,
        "exitsWith": found.exits_with,
        "source": found.source,
    }
