"""Two creates of one name at once: the later one removes what was made twice, and stops."""

from __future__ import annotations

from dataclasses import replace

from ackgpu import flag
from ackgpu.engine.plan import survey
from ackgpu.engine.run import NOW, Run
from ackgpu.errors import AlreadyExists, ConflictError, Overtaken, is_unclassified
from ackgpu.inventory.discover import discover, redundant
from ackgpu.inventory.inventory import Inventory
from ackgpu.inventory.resources import EIP, SECURITY_GROUP
from ackgpu.session import Headline, Session
from ackgpu.steps.blueprint import Blueprint
from ackgpu.steps.removal import delete_graph


def yield_to_winner(
    session: Session, run: Run, error: Exception | None, blueprint: Blueprint
) -> Exception | None:
    """The error that the run of ``blueprint`` ends with, once it has removed what is redundant.

    A run that another one overtook, or that failed on what another one made, removes what it made
    and an earlier run made as well, and ends with Overtaken. What only this run made stays: the
    other one may have found it and use it. Any other error is returned as it is.
    """
    in_the_way = isinstance(error, ConflictError | AlreadyExists) or is_unclassified(error)
    if not in_the_way:
        return error
    cloud, again = session.cloud(blueprint.region), session.afresh(run)
    # Both runs decide by the same list: what this one made last has to be in it.
    session.until_visible(again)
    inventory = redundant(discover(cloud, blueprint.name, again), blueprint.run)
    if inventory.empty:
        return error
    found = error if isinstance(error, Overtaken) else _overtaken(session, inventory)
    found.__cause__ = None if found is error else error
    found.details = (*found.details, *_remove(session, again, inventory))
    return found


def tidy(session: Session, run: Run, blueprint: Blueprint) -> None:
    """Remove what a create that ended well made beside an earlier one, and nothing uses.

    Of two runs that found each other's resources half-way, both may end well. It ends well also
    where the run's deadline passes meanwhile.
    """
    run = replace(run, deadline=None, started=NOW)
    inventory = redundant(
        discover(session.cloud(blueprint.region), blueprint.name, run), blueprint.run
    )
    # Only what costs and nobody can be using: both runs have ended well on the rest.
    unbound = tuple(eip for eip in inventory.eips if not eip.bound_to)
    rows = {SECURITY_GROUP.field: inventory.groups, EIP.field: unbound}
    spare = Inventory(inventory.name, inventory.region, rows)
    if not spare.empty:
        _remove(session, run, spare)


def _remove(session: Session, run: Run, inventory: Inventory) -> list[str]:
    """Remove the inventory; lines on what could not be removed."""
    plan = survey(delete_graph(session.cloud(inventory.region), inventory), run)
    headline = Headline(
        verb="delete", subject=inventory.name, text="giving way to the other create"
    )
    removed = session.destroy(run, headline, plan)
    left = [r for r in removed.reports if r.status in {"left", "failed"}]
    return [f"left: {report.step.name} {report.id}" for report in left]


def _overtaken(session: Session, inventory: Inventory) -> Overtaken:
    follow = session.command(f"wait {inventory.name} {flag.FOR} gpu")
    return Overtaken(
        f"Another create of {inventory.name} began earlier and goes on: this one stops.",
        resolution=f"Wait for the other one: `{follow}`.",
    )
