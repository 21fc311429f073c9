"""A new pool that names no type and gets no stock: the same with the next type.

Its zones need no such turn: a pool of a cluster that stands is asked for with all of its vSwitches,
and the cloud takes whichever has stock.
"""

from __future__ import annotations

from dataclasses import replace

from ackgpu.commands.cluster.operation import ClusterChange, Steps
from ackgpu.engine.plan import Plan
from ackgpu.engine.run import Outcome
from ackgpu.errors import OutOfStock
from ackgpu.steps.blueprint import Blueprint
from ackgpu.steps.pool_change import pool_named
from ackgpu.steps.pool_graph import add_graph, removal_graph
from ackgpu.steps.type_choice import MAX_TYPES, next_choice


class PoolFallback:
    """Makes the pool of ``change``, with up to :data:`MAX_TYPES` types one after the other."""

    def __init__(self, change: ClusterChange) -> None:
        self._change = change
        self._tried: list[str] = []

    def carry_out(
        self, blueprint: Blueprint, steps: Steps, plan: Plan
    ) -> tuple[Blueprint, Outcome]:
        """The blueprint that stands in the end, and what came of it. Raises what ended it.

        The pool of the last type that was tried stays, as that of a type that is named does.
        """
        while True:
            try:
                return blueprint, self._change.apply(steps, plan)
            except OutOfStock as error:
                further = self._further(blueprint, error)
                if further is None:
                    raise
                blueprint = further
                steps = add_graph(self._change.standing, blueprint)
                plan = self._change.look(steps)

    def _further(self, blueprint: Blueprint, error: OutOfStock) -> Blueprint | None:
        """The blueprint with the next type, once the pool that got no node is removed."""
        change = self._change
        if blueprint.choice is None:
            return None
        self._tried.append(blueprint.choice.instance_type)
        found = pool_named(change.cloud, change.cluster.id, change.options.pool)
        if len(self._tried) >= MAX_TYPES or found is None or found.total > found.failed:
            return None
        following = next_choice(change.cloud, blueprint.spec, change.session.reading(), self._tried)
        if following is None:
            return None
        spec, choice = following
        told = f"{self._tried[-1]}: {error.error_code}; going on with {choice.instance_type}"
        change.session.display.warn(told)
        self._remove(found.id)
        return replace(blueprint, spec=spec, choice=choice)

    def _remove(self, pool_id: str) -> None:
        change, deadline = self._change, self._change.run.deadline
        change.forget()
        gone = removal_graph(change.standing, name=change.options.pool, pool_id=pool_id)
        change.destroy(gone, change.look(gone, removing=True))
        change.forget()
        change.run = replace(change.run, deadline=deadline)
