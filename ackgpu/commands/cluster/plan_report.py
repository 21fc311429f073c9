"""A plan as what people and scripts see, and the steps of a spec before anything is decided."""

from __future__ import annotations

from typing import Any

from ackgpu.cloud.api import Cloud
from ackgpu.engine.plan import Plan, PlannedStep
from ackgpu.engine.step import Pending, Ready, Step
from ackgpu.preflight.price import Estimate
from ackgpu.render.results import PlanResult, PlanRow, PricePart, shown_as
from ackgpu.session import Session
from ackgpu.spec.model import ClusterSpec
from ackgpu.steps.blueprint import Blueprint, TypeChoice, ZonePlan
from ackgpu.steps.graph_of import Ports, create_graph


def sketch(session: Session, spec: ClusterSpec, cloud: Cloud) -> tuple[Step[Any], ...]:
    """The steps of ``spec`` with its decisions open: for what they say of themselves."""
    zones = tuple(ZonePlan(v.zone, v.cidr, v.id) for v in spec.network.vswitches)
    pods = tuple(ZonePlan(v.zone, v.cidr, v.id, pods=True) for v in spec.network.pod_vswitches)
    blueprint = Blueprint(spec, spec.metadata.version, zones, {}, pod_zones=pods)
    return create_graph(Ports(cloud, session.connect, session.kubeconfig()), blueprint)


def plan_result(blueprint: Blueprint, plan: Plan, price: Estimate) -> PlanResult:
    """The plan's record. It usually takes as long as its longest chain of steps."""
    return PlanResult(
        cluster_name=blueprint.name,
        region=blueprint.region,
        steps=tuple(_row(planned) for planned in plan.steps),
        seconds=_longest_chain(plan),
        price=price.total,
        order=price.order,
        price_parts=price_parts(price),
        prices_of=price.of,
        type_choice=words_of(blueprint.choice),
    )


def words_of(choice: TypeChoice | None) -> str:
    """The instance type that was chosen, and why; empty if the spec names it."""
    return f"{choice.instance_type}: {choice.reason}" if choice else ""


def price_parts(price: Estimate) -> tuple[PricePart, ...]:
    """The parts of a price as results show them."""
    return tuple(PricePart(what=what, price=part) for what, part in price.parts)


def _row(planned: PlannedStep) -> PlanRow:
    finding = planned.finding
    note = ""
    if isinstance(finding, Ready):
        note = "given in the spec, will not be deleted" if finding.ownership == "given" else "ours"
    elif isinstance(finding, Pending):
        note = finding.detail
    drift = finding.drift if isinstance(finding, Ready) else ()
    return shown_as(PlanRow, planned, step=planned.step.name, note=note, drift=drift)


def _longest_chain(plan: Plan) -> float:
    ends: dict[str, float] = {}
    for planned in plan.steps:
        begins = max((ends.get(need.name, 0.0) for need in planned.step.needs), default=0.0)
        lasts = 0.0 if isinstance(planned.finding, Ready) else planned.step.typical
        ends[planned.step.name] = begins + lasts
    return max(ends.values(), default=0.0)
