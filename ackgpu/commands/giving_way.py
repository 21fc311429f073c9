"""Two creates of one name at once: the later one removes what it has made twice, and stops."""

from __future__ import annotations

from ackgpu.app import App
from ackgpu.commands.running import afresh, on_display
from ackgpu.engine.destroy import Destroy
from ackgpu.engine.plan import survey
from ackgpu.engine.run import Run
from ackgpu.errors import Overtaken
from ackgpu.steps.blueprint import Blueprint
from ackgpu.steps.discover import discover, redundant
from ackgpu.steps.removal import delete_graph


def give_way(app: App, run: Run, error: Overtaken, blueprint: Blueprint) -> None:
    """Remove what this run of ``blueprint`` made that another run has made as well.

    What only this run made stays: the other one may have found it and use it. What cannot be
    removed is told in the details of ``error``.
    """
    cloud, name = app.cloud(blueprint.region), blueprint.name
    again = afresh(app, run)
    estate = redundant(discover(cloud, name, again), blueprint.run)
    if estate.empty:
        return
    plan = survey(delete_graph(cloud, estate), again)
    steps = [planned.step for planned in reversed(plan.steps)]
    headline = "giving way to the other create"
    with on_display(
        app, again, verb="delete", subject=name, headline=headline, steps=steps
    ) as shown:
        removed = Destroy(plan, shown.run).run()
        shown.finish(removed)
    left = [r for r in removed.reports if r.status in {"left", "failed"}]
    error.details = (*error.details, *(f"left: {r.step.name} {r.id}" for r in left))
