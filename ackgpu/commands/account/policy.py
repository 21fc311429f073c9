"""``policy``: the least RAM policy of a command, and whether the identity has its reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ackgpu.commands.account.policy_calls import actions_for
from ackgpu.commands.account.preflight import check_list, target_of
from ackgpu.commands.load_spec import SpecOptions, load_spec
from ackgpu.preflight import permissions
from ackgpu.preflight.checks import carry_out
from ackgpu.preflight.limit_values import LimitRules
from ackgpu.preflight.ram_actions import policy_of
from ackgpu.render.output import json_file
from ackgpu.render.results import Result
from ackgpu.session import Session


@dataclass(frozen=True, kw_only=True)
class PolicyOptions:
    """The options of the commands; ``purpose``: which commands the policy is for."""

    wants: SpecOptions
    purpose: str = "all"


def generate(options: PolicyOptions, session: Session) -> Result:
    """Write the policy; nothing is asked of the cloud."""
    part = json_file(session.settings.output, "policy", document(options, session))
    return Result(command="policy generate", part=part)


def document(options: PolicyOptions, session: Session) -> dict[str, Any]:
    """The policy in RAM's own form; raises SpecError."""
    spec = load_spec(options.wants, session, unnamed="new", offline=True).spec
    return policy_of(actions_for(options.purpose, session, spec))


def check(options: PolicyOptions, session: Session) -> Result:
    """Try every read that a creation makes; exit code 3 where RAM refuses one."""
    spec = load_spec(options.wants, session, unnamed="new").spec
    target, cloud = target_of(session, spec), session.cloud(spec.region)
    report = carry_out(target, cloud, [permissions.CHECK], LimitRules(), session.reading())
    return Result(
        command="policy check",
        part=check_list(f"ackgpu policy check · {spec.region}", report.findings, session),
        warnings=("What creates and deletes is not tried: policy generate lists it.",),
        error=session.complete(report.error()),
    )
