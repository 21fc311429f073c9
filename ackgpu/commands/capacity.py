"""Going on in the next zone, within the same run, where the one that was chosen is sold out."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from ackgpu.app import App
from ackgpu.commands.running import afresh, on_display
from ackgpu.engine.destroy import Destroy
from ackgpu.engine.plan import Plan, survey
from ackgpu.engine.run import Outcome, Run
from ackgpu.engine.step import Step
from ackgpu.errors import NoCapacity, OutOfStock
from ackgpu.render.output import warn
from ackgpu.steps.blueprint import Blueprint
from ackgpu.steps.placement import next_zone

Steps = tuple[Step[Any], ...]
Applying = Callable[[Steps, Plan], Outcome]


class Fallback:
    """Applies a blueprint, and while node pools meet no stock, the same with a further zone.

    ``graph`` builds the steps of a blueprint; ``apply`` carries them out.
    """

    def __init__(
        self, app: App, run: Run, *, graph: Callable[[Blueprint], Steps], apply: Applying
    ) -> None:
        self._app = app
        self._run = run
        self._graph = graph
        self._apply = apply
        self._tried: list[str] = []

    def carry_out(
        self, blueprint: Blueprint, steps: Steps, plan: Plan
    ) -> tuple[Blueprint, Outcome]:
        """The blueprint that stands in the end, and what came of it.

        Without a zone to go on to, the outcome's error is NoCapacity with all that was tried; pools
        without nodes are removed all the same, so that a later run makes them anew.
        """
        looking = dataclasses.replace(self._run, deadline=None)  # the apply that follows has it
        outcome = self._apply(steps, plan)
        while isinstance(outcome.error, OutOfStock) and _sold_out(outcome):
            self._note(blueprint, outcome.error)
            removed = self._remove(blueprint, steps, outcome)
            if removed.error is not None:
                return blueprint, dataclasses.replace(outcome, error=removed.error)
            zone = next_zone(self._app.cloud(blueprint.region), blueprint, looking)
            if zone is None:
                error = self._no_capacity(blueprint)
                return blueprint, dataclasses.replace(outcome, error=error)
            warn(self._app.streams, f"{self._tried[-1]}; going on in {zone.zone_id}")
            blueprint = dataclasses.replace(blueprint, zones=(*blueprint.zones, zone))
            steps = self._graph(blueprint)
            outcome = self._apply(steps, survey(steps, looking))
        return blueprint, outcome

    def _note(self, blueprint: Blueprint, error: OutOfStock) -> None:
        types = ", ".join(blueprint.spec.instance_types)
        self._tried.append(f"{blueprint.zones[-1].zone_id}  {types}  {error.error_code}")

    def _no_capacity(self, blueprint: Blueprint) -> NoCapacity:
        types = " or ".join(blueprint.spec.instance_types)
        region = blueprint.region
        return NoCapacity(
            f"No capacity for {types}: no stock in any zone that the spec allows.",
            details=self._tried,
            resolution=f"`ackgpu offers --region {region}` shows what there is; give other instance"
            " types, or another region.",
        )

    def _remove(self, blueprint: Blueprint, steps: Steps, outcome: Outcome) -> Outcome:
        """Remove the pools that got no node: a pool's zones are settled when it is made."""
        again = afresh(self._app, self._run)
        pools = _sold_out(outcome)
        found = survey(steps, again)
        mine = tuple(planned for planned in found.steps if planned.step.name in pools)
        plan = dataclasses.replace(found, steps=mine)
        with on_display(
            self._app,
            again,
            verb="delete",
            subject=blueprint.name,
            headline="removing what got no stock",
            steps=[planned.step for planned in mine],
        ) as shown:
            removed = Destroy(plan, shown.run).run()
            shown.finish(removed)
        return removed


def _sold_out(outcome: Outcome) -> set[str]:
    return {
        report.step.name
        for report in outcome.reports
        if report.step.kind == "node pool" and isinstance(report.error, OutOfStock)
    }
