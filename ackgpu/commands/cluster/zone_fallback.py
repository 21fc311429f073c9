"""Going on in the next zone, or with the next type, where what was chosen is sold out."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from ackgpu import flag
from ackgpu.engine.plan import Plan, survey
from ackgpu.engine.run import NOW, Outcome, Run
from ackgpu.engine.step import Step
from ackgpu.errors import NoCapacity, OutOfStock
from ackgpu.session import Headline, Session
from ackgpu.spec.model import ClusterSpec
from ackgpu.steps.blueprint import Blueprint
from ackgpu.steps.placement import next_zone
from ackgpu.steps.type_choice import MAX_TYPES, is_in_stock, next_choice

Steps = tuple[Step[Any], ...]
Applying = Callable[[Steps, Plan], Outcome]


class ZoneFallback:
    """Applies a blueprint, and while node pools meet no stock, the same with a further zone.

    After the last zone the next type is taken, if ackgpu chose the type.

    ``graph`` builds the steps of a blueprint; ``apply`` carries them out; ``refuses`` says why a
    spec with another type is over its budget.
    """

    def __init__(
        self,
        session: Session,
        run: Run,
        *,
        graph: Callable[[Blueprint], Steps],
        apply: Applying,
        refuses: Callable[[ClusterSpec], str],
    ) -> None:
        self._session = session
        self._run = run
        self._graph = graph
        self._apply = apply
        self._refuses = refuses
        self._tried: list[str] = []
        self._types: list[str] = []

    def carry_out(
        self, blueprint: Blueprint, steps: Steps, plan: Plan
    ) -> tuple[Blueprint, Outcome]:
        """The blueprint that stands in the end, and what came of it.

        Without a zone to go on to, the outcome's error is NoCapacity with all that was tried; pools
        without nodes are removed all the same, so that a later run makes them anew.
        """
        # The apply that follows has the deadline.
        looking = dataclasses.replace(self._run, deadline=None, started=NOW)
        outcome = self._apply(steps, plan)
        # Of pools only: an EIP or a NAT gateway that is
        # sold out is not mended by another zone for nodes.
        while isinstance(outcome.error, OutOfStock) and _sold_out(outcome):
            self._note(blueprint, outcome.error)
            removed = self._remove(blueprint, steps, outcome)
            # A pool that is still there would be found by
            # the next zone's steps, with the old vSwitches.
            if removed.error is not None:
                return blueprint, dataclasses.replace(outcome, error=removed.error)
            further = self._further(blueprint, looking)
            if further is None:
                error = self._no_capacity(blueprint, outcome)
                return blueprint, dataclasses.replace(outcome, error=error)
            blueprint = further
            steps = self._graph(blueprint)
            outcome = self._apply(steps, survey(steps, looking))
        return blueprint, outcome

    def _further(self, blueprint: Blueprint, run: Run) -> Blueprint | None:
        """The blueprint with one zone more, or with the next type if it was not named."""
        cloud, before = self._session.cloud(blueprint.region), self._tried[-1]
        zone = next_zone(cloud, blueprint, run)
        if zone is not None:
            self._session.display.warn(f"{before}; going on in {zone.zone_id}")
            # Added, not exchanged: the cluster was made with those that it began with.
            return dataclasses.replace(blueprint, zones=(*blueprint.zones, zone))
        if blueprint.choice is None or len(self._types) + 1 >= MAX_TYPES:
            return None
        self._types.append(blueprint.choice.instance_type)
        changed = self._with_next_type(blueprint, run)
        if changed is None or changed.choice is None:
            return None
        type_id = changed.choice.instance_type
        self._session.display.warn(f"{before}; going on with {type_id}")
        # In the zones that there are: a further one costs a vSwitch and a SNAT entry.
        if is_in_stock(cloud, type_id, [zone.zone_id for zone in blueprint.zones]):
            return changed
        zone = next_zone(cloud, changed, run)
        zones = blueprint.zones if zone is None else (*blueprint.zones, zone)
        return dataclasses.replace(changed, zones=zones)

    def _with_next_type(self, blueprint: Blueprint, run: Run) -> Blueprint | None:
        """The blueprint with the next type, if there is one within the budget."""
        cloud = self._session.cloud(blueprint.region)
        following = next_choice(cloud, blueprint.spec, run, self._types)
        if following is None:
            return None
        spec, choice = following
        problem = self._refuses(spec)
        if problem:
            self._tried.append(f"{choice.instance_type}: {problem}")
            return None
        return dataclasses.replace(blueprint, spec=spec, choice=choice)

    def _note(self, blueprint: Blueprint, error: OutOfStock) -> None:
        types = ", ".join(blueprint.spec.instance_types)
        self._tried.append(f"{blueprint.zones[-1].zone_id}  {types}  {error.error_code}")

    def _no_capacity(self, blueprint: Blueprint, outcome: Outcome) -> NoCapacity:
        types = " or ".join(blueprint.spec.instance_types)
        region = blueprint.region
        error = NoCapacity(
            f"No capacity for {types}: no stock in any zone that the spec allows.",
            details=self._tried,
            resolution=f"`ackgpu offers {flag.REGION} {region}` shows what there is; give other"
            " instance types, or another region.",
        )
        error.pools = tuple(name.removeprefix("node pool ") for name in _sold_out(outcome))
        return error

    def _remove(self, blueprint: Blueprint, steps: Steps, outcome: Outcome) -> Outcome:
        """Remove the pools that got no node: a pool's zones are settled when it is made."""
        again = self._session.afresh(self._run)
        pools = _sold_out(outcome)
        found = survey(steps, again)
        mine = tuple(planned for planned in found.steps if planned.step.name in pools)
        plan = dataclasses.replace(found, steps=mine)
        headline = Headline("delete", blueprint.name, "removing what got no stock")
        return self._session.destroy(again, headline, plan)


def _sold_out(outcome: Outcome) -> set[str]:
    return {
        report.step.name
        for report in outcome.reports
        if report.step.kind == "node pool" and isinstance(report.error, OutOfStock)
    }
