"""``create``: from a spec to a verified cluster."""

from __future__ import annotations

import dataclasses
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ackgpu import flag
from ackgpu.commands.account.preflight import (
    before_creation,
    doubts_of,
    in_one_line,
    refuse_unknown,
    target_of,
    target_of_new,
)
from ackgpu.commands.cluster.alternatives import with_alternatives
from ackgpu.commands.cluster.build_plan import (
    decided,
    graph,
    refuse_broken,
    refuse_conflicts,
    warnings_of,
)
from ackgpu.commands.cluster.concurrent_create import tidy, yield_to_winner
from ackgpu.commands.cluster.delete_report import told_of
from ackgpu.commands.cluster.lookup import only_removal, removed_meanwhile
from ackgpu.commands.cluster.plan import PlanOptions, price_of
from ackgpu.commands.cluster.plan import execute as show_plan
from ackgpu.commands.cluster.summary import summary_of
from ackgpu.commands.cluster.what_stands import with_aftermath
from ackgpu.commands.cluster.zone_fallback import ZoneFallback
from ackgpu.commands.load_spec import RequestedSpec, SpecOptions, load_spec
from ackgpu.commands.verify.sample_run import left_behind, put_away, with_leftovers
from ackgpu.engine.apply import Apply
from ackgpu.engine.events import Warned
from ackgpu.engine.journal import Journal
from ackgpu.engine.plan import Plan, survey
from ackgpu.engine.run import Outcome, Run
from ackgpu.engine.step import Step
from ackgpu.errors import (
    AckGpuError,
    ConflictError,
    NoCapacity,
    NotYet,
    Overtaken,
    ResourceNotFound,
    TaskFailed,
    Unreachable,
    UsageError,
    is_unclassified,
)
from ackgpu.preflight.price import Estimate, over_budget
from ackgpu.render.results import Result
from ackgpu.render.words import count, money
from ackgpu.session import Headline, Session, Stopped
from ackgpu.spec.model import ClusterSpec
from ackgpu.steps.blueprint import Blueprint
from ackgpu.steps.cluster_drift import uncompared

REFUSALS = (ResourceNotFound, NotYet, TaskFailed)
"""How the cloud refuses what is asked for in a cluster that somebody deletes, by class."""
SAME_RUN_SECONDS = 600.0
"""How long after its last request a run that was cut off is taken up under the same tokens."""


@dataclass(frozen=True, kw_only=True)
class CreateOptions:
    """The options of ``create``. ``skip_preflight``: ids of checks, or ``all``."""

    wants: SpecOptions
    dry_run: bool = False
    wait: bool = True
    yes: bool = False
    kubeconfig: Path | None = None
    skip_preflight: tuple[str, ...] = ()


def execute(options: CreateOptions, session: Session) -> Result:
    """Make the cluster, or go on making it."""
    refuse_unknown(options.skip_preflight)
    if options.dry_run:
        plan = PlanOptions(
            wants=options.wants,
            kubeconfig=options.kubeconfig,
            command="create",
            skip_preflight=options.skip_preflight,
        )
        return show_plan(plan, session)
    want = load_spec(options.wants, session)
    with session.locked(want.spec.region, want.spec.name):
        # Within the lock, since it reads the journal.
        creation = _Creation(options, want.spec, session)
        with closing(creation.journal), session.stoppable(creation.stopped):
            try:
                result = creation.carry_out(want)
            except NoCapacity as error:
                raise with_alternatives(session, want.spec, error, begun=creation.begun) from None
    return result


class _Creation:
    """One create. ``begun``: something of the cluster's name may stand already."""

    def __init__(self, options: CreateOptions, spec: ClusterSpec, session: Session) -> None:
        self._options = options
        self._wanted = self._spec = spec
        self._session = session
        self.journal = session.journal(spec.region, spec.name)
        self._text = session.where(spec.region)
        self._steps: tuple[Step[Any], ...] = ()
        self._doubts: tuple[str, ...] = ()
        self._at_once: tuple[str, ...] = ()
        self._price: Estimate | None = None
        self._requested: set[str] = set()
        self._rolled_back = False
        self.begun = False

    def carry_out(self, want: RequestedSpec) -> Result:
        session, spec, journal = self._session, self._spec, self.journal
        cut_off = self._cut_off(journal)
        run = self._run(cut_off)
        blueprint, plan = self._look(run)
        if plan.exists and plan.count("CREATE") and not cut_off:
            # A part is there: that the rest is not is believed after a second look, unless the same
            # client tokens make a repeat harmless. One list may have been answered short.
            session.until(run, run.believable)
            blueprint, plan = self._look(run)
        # Before preflight: a cluster that failed cannot
        # be gone on with, whatever the account permits.
        refuse_broken(plan, removal=session.command(f"delete {spec.name}"))
        refuse_conflicts(session, run, blueprint, plan, file=self._options.wants.file)
        self._doubts += tuple(uncompared(spec, plan))
        self._check(run, blueprint, plan)
        self._confirm_order(plan)
        again = session.again(without=flag.NO_WAIT)
        facts = {"region": spec.region, "version": blueprint.version, "again": again}
        # Of two creates at once the one that begins to make things first goes on: so its id, which
        # tells, is chosen only here.
        session.begin(journal, "create", **facts)
        self.begun = True
        blueprint, outcome = self._make(run, blueprint, plan)
        journal.finish(ok=outcome.error is None)
        if outcome.error is not None:
            # Its reports are from before the rollback; the last look tells what is left.
            seen = dataclasses.replace(outcome, reports=()) if self._rolled_back else outcome
            with_aftermath(
                session, run, outcome.error, seen, name=spec.name, region=spec.region,
                way_on=self._way_on(outcome),
            )  # fmt: skip
            raise self._explained(outcome.error, outcome)
        summary = summary_of(
            session,
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
            warnings=(*warnings_of(want, blueprint), *self._doubts, *self._unverified(blueprint)),
            durations={r.step.name: r.seconds for r in outcome.reports} | {"total": run.elapsed},
        )

    def _look(self, run: Run) -> tuple[Blueprint, Plan]:
        """What is decided, and what its steps find; the run's id has yet to be chosen."""
        blueprint = decided(self._session, self._wanted, run)
        # Asked when a tag is written: the id is chosen after the look (ADR 0018).
        blueprint = dataclasses.replace(blueprint, run_of=lambda: self._session.run_id)
        self._spec = blueprint.spec  # with the types of pools that name none
        self._steps = self._graph(blueprint)
        return blueprint, survey(self._steps, run)

    def _graph(self, blueprint: Blueprint) -> tuple[Step[Any], ...]:
        return graph(self._session, blueprint, self._options.kubeconfig)

    def stopped(self) -> Stopped:
        """What is said of a stop while nothing is under way."""
        if not self.begun:
            return Stopped("Stopped before anything was made.", self._session.same_again())
        return Stopped("Stopped.", self._session.how_to_go_on(self._spec.name))

    def _run(self, cut_off: str) -> Run:
        spec, limit = self._spec, self._spec.lifecycle.timeout
        return self._session.run(
            self.journal, name=spec.name, region=spec.region, timeout=limit, run_id=cut_off
        )

    def _cut_off(self, journal: Journal) -> str:
        """The run whose tokens a crash left behind moments ago; empty without one.

        The cloud answers a token for a day as it did at first, also when what it stood for has
        been removed from elsewhere.
        """
        asked = journal.last_requested()
        lately = asked is not None and self._session.clock.now() - asked < SAME_RUN_SECONDS
        if lately and journal.run and journal.verb == "create" and not journal.finished:
            return journal.run
        return ""

    def _check(self, run: Run, blueprint: Blueprint, plan: Plan) -> None:
        """Preflight, unless nothing is left to make. Nothing was created where it raises."""
        skip = self._options.skip_preflight
        if not plan.count("CREATE") or "all" in skip:
            return
        target = target_of_new(self._session, blueprint, plan)
        cloud = self._session.cloud(self._spec.region)
        report, self._price = before_creation(target, cloud, skip, run)
        self._text += f"\n{in_one_line(report, target, self._price)}"
        self._doubts += doubts_of(report)
        self._at_once = doubts_of(report, at_once=True)

    def _confirm_order(self, plan: Plan) -> None:
        """Ask before subscriptions are ordered: they are paid at once, and are not given back.

        Raises UsageError if the answer is not yes, or nobody can be asked.
        """
        made = {p.step.name for p in plan.steps if p.action == "CREATE"}
        ordered = [
            pool
            for pool in self._spec.node_pools
            if pool.charge_type == "PrePaid" and f"node pool {pool.name}" in made
        ]
        if not ordered or self._options.yes:
            return
        price = self._price.order if self._price else None
        nodes = sum(pool.desired_size for pool in ordered)
        months = " and ".join(sorted({count(pool.period, "month") for pool in ordered}))
        question = (
            f"Order {count(nodes, 'subscription instance')} for {months}, paid at once"
            f" ({money(price)})? They are not given back when the cluster is deleted."
        )
        try:
            agreed = self._session.streams.confirm(question)
        except UsageError as error:
            error.details = (question,)
            raise
        if not agreed:
            raise UsageError("Nothing was made: the answer was not yes.")

    def _make(self, run: Run, blueprint: Blueprint, plan: Plan) -> tuple[Blueprint, Outcome]:
        fallback = ZoneFallback(
            self._session,
            run,
            graph=self._graph,
            apply=lambda made, found: self._apply(run, made, found),
            refuses=lambda spec: self._priced_anew(run, spec),
        )
        blueprint, outcome = fallback.carry_out(blueprint, self._steps, plan)
        # First of all: for a run that lost the race each other failure is a consequence.
        error = yield_to_winner(self._session, run, outcome.error, blueprint)
        # Also after success: a deletion that began behind
        # the cluster's step shows in no step after it.
        if error is None or is_unclassified(error) or isinstance(error, REFUSALS):
            error = self._removed_meanwhile(outcome) or error
        outcome = dataclasses.replace(outcome, error=error)
        if isinstance(error, Overtaken):
            return blueprint, outcome
        words = {report.outcome for report in outcome.reports}
        # Only a run that found things there can have met another one half-way.
        if outcome.error is None and {"created", "adopted"} <= words:
            tidy(self._session, run, blueprint)
        elif outcome.error is not None and self._rolls_back(outcome.error):
            # Not of an Overtaken, above: the other run uses what was made.
            self._roll_back(run, outcome)
        return blueprint, outcome

    def _priced_anew(self, run: Run, spec: ClusterSpec) -> str:
        """Why the spec's budget forbids it with another type; empty if it does not."""
        if "price" in self._options.skip_preflight or "all" in self._options.skip_preflight:
            return ""
        target = target_of(self._session, spec)
        self._price = price_of(target, self._session.cloud(spec.region), run)
        return over_budget(target, self._price)[0]

    def _rolls_back(self, error: Exception) -> bool:
        """Whether what was made is removed; not while the cloud is out of reach."""
        wanted = self._spec.lifecycle.on_failure == "rollback"
        return wanted and not isinstance(error, Unreachable)

    def _removed_meanwhile(self, outcome: Outcome) -> ConflictError | None:
        """Look once more: nothing after the cluster's own step would see that it is going."""
        cluster = outcome.values.ready.get("cluster")
        return (
            removed_meanwhile(self._session.cloud(self._spec.region), cluster) if cluster else None
        )

    def _apply(self, run: Run, steps: tuple[Step[Any], ...], plan: Plan) -> Outcome:
        name = self._spec.name
        headline = Headline("create", name, self._text, self._session.how_to_go_on(name))

        def work(shown: Run) -> Outcome:
            for message in self._at_once:
                shown.emit(Warned, message=message)
            self._at_once = ()
            # Pools need the cluster first: unless one waits for it, nothing more can be requested.
            no_wait = frozenset() if self._options.wait else frozenset({"cluster"})
            outcome = Apply(steps, shown, known=plan, no_wait=no_wait).run()
            self._requested |= {report.step.name for report in outcome.reports if report.requested}
            # However the run ended: a sample that is left holds its GPU.
            left = put_away(steps)
            error = with_leftovers(outcome.error, left) if outcome.error else left_behind(left)
            return dataclasses.replace(outcome, error=error)

        return self._session.show(run, headline, steps, work)

    def _roll_back(self, run: Run, outcome: Outcome) -> None:
        """Remove what this run requested, in whichever zone; what it adopted stays."""
        session, spec = self._session, self._spec
        # After a stop or a timeout, too: the old run would do nothing any more.
        again = session.afresh(run)
        found = survey([report.step for report in outcome.reports], again)
        # By what was ever requested, in whichever zone: the last apply's reports know only its own.
        ours = tuple(planned for planned in found.steps if planned.step.name in self._requested)
        plan = dataclasses.replace(found, steps=ours)
        removed = session.destroy(again, Headline("delete", spec.name, "rolling back"), plan)
        if removed.error is None and isinstance(outcome.error, AckGpuError):
            self._rolled_back = True
            rolled_back = f"Rolled back: what this run made is deleted again ({len(ours)} steps)."
            outcome.error.details = (*outcome.error.details, rolled_back)
        if removed.error is not None and isinstance(outcome.error, AckGpuError):
            error, removal = outcome.error, session.command(f"delete {spec.name}")
            error.details = (
                *error.details,
                f"The rollback did not finish: {removed.error}",
                *(f"left: {line}" for line in told_of(removed).values()),
            )
            _advise(error, f"`{removal}` removes what is left.")

    def _explained(self, error: Exception, outcome: Outcome) -> Exception:
        """The error with the next commands: a cluster that failed is not gone on with."""
        if isinstance(error, Overtaken) or self._rolls_back(error):
            return error
        if isinstance(error, AckGpuError):
            _advise(error, self._way_on(outcome))
        return error

    def _way_on(self, outcome: Outcome) -> str:
        """What continues and what removes; of a cluster that failed only what removes."""
        name = self._spec.name
        ended = any(r.broken and r.step.kind == "cluster" for r in outcome.reports)
        removal = self._session.command(f"delete {name}")
        return only_removal(removal) if ended else self._session.how_to_go_on(name)

    def _unverified(self, blueprint: Blueprint) -> tuple[str, ...]:
        if blueprint.spec.cluster.endpoint_public_access:
            return ()
        write, verify = (
            self._session.command(f"{verb} {self._spec.name} {flag.PRIVATE}")
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
