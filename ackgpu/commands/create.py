"""``create``: from a spec to a verified cluster."""

from __future__ import annotations

import dataclasses
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ackgpu.app import App
from ackgpu.commands.capacity import Fallback
from ackgpu.commands.estates import only_removal, removed_meanwhile
from ackgpu.commands.giving_way import give_way, tidy
from ackgpu.commands.plan import PlanOptions
from ackgpu.commands.plan import run as show_plan
from ackgpu.commands.preflight import before_creation, doubts_of, in_one_line, target_of
from ackgpu.commands.preparing import graph, prepare, refuse_conflicts
from ackgpu.commands.receipt import told_of
from ackgpu.commands.running import (
    Stopped,
    afresh,
    how_to_go_on,
    locked,
    on_display,
    same_again,
    stoppable,
    where,
)
from ackgpu.commands.sampling import put_away
from ackgpu.commands.specs import SpecOptions, wanted
from ackgpu.commands.summary import summary_of
from ackgpu.engine.apply import Apply
from ackgpu.engine.destroy import Destroy
from ackgpu.engine.journal import Journal
from ackgpu.engine.plan import Plan, survey
from ackgpu.engine.run import Outcome, Run
from ackgpu.engine.step import Step
from ackgpu.errors import (
    AckGpuError,
    CloudError,
    ConflictError,
    NotYet,
    Overtaken,
    ResourceNotFound,
)
from ackgpu.naming import RUN_TAG, run_id
from ackgpu.preflight.facts import needs_of
from ackgpu.preflight.price import Estimate
from ackgpu.render.output import present
from ackgpu.render.results import Result
from ackgpu.spec.model import ClusterSpec
from ackgpu.steps.blueprint import Blueprint

REFUSALS = (CloudError, ResourceNotFound, NotYet)
"""How the cloud refuses what is asked for in a cluster that somebody deletes."""
SAME_RUN_SECONDS = 600.0
"""How long after its last request a run that was cut off is taken up under the same tokens."""


@dataclass(frozen=True, kw_only=True)
class CreateOptions:
    """What ``create`` was asked for. ``skip_preflight``: ids of checks, or ``all``."""

    wants: SpecOptions
    dry_run: bool = False
    wait: bool = True
    kubeconfig: Path | None = None
    skip_preflight: tuple[str, ...] = ()


def run(options: CreateOptions, app: App) -> int:
    """Make the cluster, or go on making it; the exit code."""
    if options.dry_run:
        plan = PlanOptions(wants=options.wants, kubeconfig=options.kubeconfig, command="create")
        return show_plan(plan, app)
    want = wanted(options.wants, app)
    with locked(app, want.spec.region, want.spec.name):
        creation = _Creation(options, want.spec, app)
        with closing(creation.journal), stoppable(creation.stopped):
            result = creation.carry_out(want.warnings)
    return present(app.streams, app.settings.output, result)


class _Creation:
    def __init__(self, options: CreateOptions, spec: ClusterSpec, app: App) -> None:
        self._options = options
        self._spec = spec
        self._app = app
        self.journal = app.journal(spec.region, spec.name)
        self._headline = where(app, spec.region)
        self._doubts: tuple[str, ...] = ()
        self._price: Estimate | None = None
        self._asked: set[str] = set()
        self._begun = False

    def carry_out(self, warnings: tuple[str, ...]) -> Result:
        app, spec, journal = self._app, self._spec, self.journal
        cut_off = self._cut_off(journal)
        looking = self._run(cut_off)
        blueprint, steps = prepare(app, spec, looking, cut_off, self._options.kubeconfig)
        plan = survey(steps, looking)
        refuse_conflicts(plan, removal=app.command(f"delete {spec.name}"))
        self._check(looking, blueprint, plan)
        # Of two creates at once the one that begins to make things first goes on: so its id, which
        # tells, is chosen only here.
        token_run = cut_off or run_id(app.clock.wall(), app.rng.randbytes(8))
        run = self._run(token_run)
        run.started, run.deadline = looking.started, looking.deadline
        signed = {**blueprint.tags, RUN_TAG: token_run}
        blueprint = dataclasses.replace(blueprint, tags=signed)
        steps = graph(app, blueprint, self._options.kubeconfig)
        journal.begin("create", token_run, region=spec.region, version=blueprint.version)
        self._begun = True
        blueprint, outcome = self._make(run, blueprint, steps, plan)
        journal.finish(ok=outcome.error is None)
        if outcome.error is not None:
            raise self._explained(outcome.error, outcome)
        summary = summary_of(
            app,
            blueprint,
            outcome,
            kubeconfig=self._options.kubeconfig,
            waited=self._options.wait,
            price=self._price,
        )
        return Result(
            command="create",
            part=summary,
            resources=outcome.resources,
            warnings=(*warnings, *self._doubts, *self._unverified(blueprint)),
            durations={r.step.name: r.seconds for r in outcome.reports} | {"total": run.elapsed},
        )

    def stopped(self) -> Stopped:
        """What is said of a stop while nothing is under way."""
        if not self._begun:
            return Stopped("Stopped before anything was made.", same_again(self._app))
        return Stopped("Stopped.", how_to_go_on(self._app, self._spec.name))

    def _run(self, token_run: str) -> Run:
        run = self._app.run(
            self.journal,
            lambda _: None,
            token_run=token_run,
            name=self._spec.name,
            region=self._spec.region,
        )
        run.deadline = run.started + self._spec.lifecycle.timeout
        return run

    def _cut_off(self, journal: Journal) -> str:
        """The run whose tokens a crash left behind moments ago; empty without one.

        The cloud answers a token for a day as it did at first, also when what it stood for has
        been removed from elsewhere.
        """
        asked = journal.last_asked()
        lately = asked is not None and self._app.clock.now() - asked < SAME_RUN_SECONDS
        if lately and journal.run and journal.verb == "create" and not journal.finished:
            return journal.run
        return ""

    def _check(self, run: Run, blueprint: Blueprint, plan: Plan) -> None:
        """Preflight, unless nothing is left to make. Nothing was created where it raises."""
        skip = self._options.skip_preflight
        if not plan.count("CREATE") or "all" in skip:
            return
        new = (p.step.consumes for p in plan.steps if p.action == "CREATE")
        zones = [zone.zone_id for zone in blueprint.zones]
        target = target_of(self._app, self._spec, needs=needs_of(new), zones=zones)
        report, self._price = before_creation(target, skip, run)
        self._headline += f"\n{in_one_line(report, target, self._price)}"
        self._doubts = doubts_of(report)

    def _make(
        self, run: Run, blueprint: Blueprint, steps: tuple[Step[Any], ...], plan: Plan
    ) -> tuple[Blueprint, Outcome]:
        fallback = Fallback(
            self._app,
            run,
            graph=lambda changed: graph(self._app, changed, self._options.kubeconfig),
            apply=lambda made, found: self._apply(run, made, found),
        )
        blueprint, outcome = fallback.carry_out(blueprint, steps, plan)
        error = give_way(self._app, run, outcome.error, blueprint)
        if error is None or type(error) in REFUSALS:
            error = self._removed_meanwhile(outcome) or error
        outcome = dataclasses.replace(outcome, error=error)
        if isinstance(error, Overtaken):
            return blueprint, outcome
        words = {report.outcome for report in outcome.reports}
        if outcome.error is None and {"created", "adopted"} <= words:
            tidy(self._app, run, blueprint)
        elif outcome.error is not None and self._spec.lifecycle.on_failure == "rollback":
            self._roll_back(run, outcome)
        return blueprint, outcome

    def _removed_meanwhile(self, outcome: Outcome) -> ConflictError | None:
        """Look once more: nothing after the cluster's own step would see that it is going."""
        cluster = outcome.values.ready.get("cluster")
        return removed_meanwhile(self._app.cloud(self._spec.region), cluster) if cluster else None

    def _apply(self, run: Run, steps: tuple[Step[Any], ...], plan: Plan) -> Outcome:
        with on_display(
            self._app,
            run,
            verb="create",
            subject=self._spec.name,
            headline=self._headline,
            steps=steps,
            go_on=how_to_go_on(self._app, self._spec.name),
        ) as shown:
            leave = frozenset() if self._options.wait else frozenset({"cluster"})
            outcome = Apply(steps, shown.run, known=plan, leave=leave).run()
            self._asked |= {report.step.name for report in outcome.reports if report.asked}
            put_away(shown.run, steps)
            shown.finish(outcome)
        return outcome

    def _roll_back(self, run: Run, outcome: Outcome) -> None:
        """Remove what this run asked for, in whichever zone; what it adopted stays."""
        app, spec = self._app, self._spec
        again = afresh(app, run)
        found = survey([report.step for report in outcome.reports], again)
        ours = tuple(planned for planned in found.steps if planned.step.name in self._asked)
        plan = dataclasses.replace(found, steps=ours)
        steps = [planned.step for planned in reversed(ours)]
        with on_display(
            app, again, verb="delete", subject=spec.name, headline="rolling back", steps=steps
        ) as shown:
            removed = Destroy(plan, shown.run).run()
            shown.finish(removed)
        if removed.error is not None and isinstance(outcome.error, AckGpuError):
            error, removal = outcome.error, app.command(f"delete {spec.name}")
            error.details = (
                *error.details,
                f"The rollback did not finish: {removed.error}",
                *(f"left: {line}" for line in told_of(removed)),
            )
            _advise(error, f"`{removal}` removes what is left.")

    def _explained(self, error: Exception, outcome: Outcome) -> Exception:
        """The error with the next commands: a cluster that failed is not gone on with."""
        name = self._spec.name
        if isinstance(error, Overtaken) or self._spec.lifecycle.on_failure != "keep":
            return error
        if isinstance(error, AckGpuError):
            ended = any(r.broken and r.step.kind == "cluster" for r in outcome.reports)
            removal = self._app.command(f"delete {name}")
            _advise(error, only_removal(removal) if ended else how_to_go_on(self._app, name))
        return error

    def _unverified(self, blueprint: Blueprint) -> tuple[str, ...]:
        if blueprint.spec.cluster.endpoint_public_access:
            return ()
        write, verify = (
            self._app.command(f"{verb} {self._spec.name} --private")
            for verb in ("kubeconfig write", "verify")
        )
        message = (
            "The API server has no public endpoint, so the GPUs were not verified from here. From"
            f" a machine in the VPC: `{write}`, then `{verify}`; kubectl works from there as well."
        )
        return (message,)


def _advise(error: AckGpuError, words: str) -> None:
    """Add to what the error says to do next."""
    error.resolution = f"{error.resolution} {words}" if error.resolution else words
