"""``create``: from a spec to a verified cluster."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ackgpu.app import App
from ackgpu.commands.planning import plan_result
from ackgpu.commands.running import afresh, how_to_go_on, locked, on_display, where
from ackgpu.commands.specs import SpecOptions, wanted
from ackgpu.commands.summary import summary_of
from ackgpu.engine.apply import Apply
from ackgpu.engine.destroy import Destroy
from ackgpu.engine.journal import Journal
from ackgpu.engine.plan import Plan, survey
from ackgpu.engine.run import Outcome, Run
from ackgpu.engine.step import Broken, Ready, Step
from ackgpu.errors import AckGpuError, ConflictError
from ackgpu.naming import ownership_tags, run_id
from ackgpu.render.output import present
from ackgpu.render.results import Result
from ackgpu.spec.model import ClusterSpec
from ackgpu.steps.blueprint import Blueprint
from ackgpu.steps.graph_of import Ports, create_graph
from ackgpu.steps.placement import decide


@dataclass(frozen=True, kw_only=True)
class CreateOptions:
    """What ``create`` was asked for."""

    wants: SpecOptions
    dry_run: bool = False
    wait: bool = True
    kubeconfig: Path | None = None


def run(options: CreateOptions, app: App) -> int:
    """Make the cluster, or go on making it; the exit code."""
    want = wanted(options.wants, app)
    if options.dry_run:
        return _dry_run(options, want.spec, app, want.warnings)
    with locked(app, want.spec.region, want.spec.name):
        creation = _Creation(options, want.spec, app)
        result = creation.carry_out(want.warnings)
    return present(app.streams, app.settings.output, result)


def prepare(
    app: App, spec: ClusterSpec, run: Run, token_run: str, kubeconfig: Path | None
) -> tuple[Blueprint, tuple[Step[Any], ...]]:
    """Decide what is open in the spec, and build the steps."""
    ttl = spec.lifecycle.ttl
    expires = app.clock.after(ttl) if ttl else None
    tags = ownership_tags(cluster=spec.name, run=token_run, expires=expires)
    cloud = app.cloud(spec.region)
    blueprint = decide(cloud, spec, run, {**spec.metadata.tags, **tags})
    file = app.kubeconfig(str(kubeconfig) if kubeconfig else None)
    return blueprint, create_graph(Ports(cloud, app.connect, file), blueprint)


def refuse_conflicts(plan: Plan) -> None:
    """Raise what is wrong with what exists, before anything is made."""
    for planned in plan.steps:
        if isinstance(planned.finding, Broken):
            raise planned.finding.error
        drift = planned.finding.drift if isinstance(planned.finding, Ready) else ()
        if drift:
            raise ConflictError(
                f"{planned.step.name} {planned.id} exists and is not what the spec asks for.",
                details=[f"{d.field}: the spec says {d.wanted}, found {d.found}" for d in drift],
                resolution="Change the spec to what exists, choose another name, or delete the"
                " cluster first: ackgpu changes nothing that it finds.",
            )


def _dry_run(options: CreateOptions, spec: ClusterSpec, app: App, warnings: tuple[str, ...]) -> int:
    reading = app.reading()
    blueprint, steps = prepare(app, spec, reading, "", options.kubeconfig)
    plan = survey(steps, reading)
    refuse_conflicts(plan)
    result = Result(
        command="create",
        part=plan_result(blueprint, plan),
        resources=plan.resources,
        warnings=warnings,
    )
    return present(app.streams, app.settings.output, result)


class _Creation:
    def __init__(self, options: CreateOptions, spec: ClusterSpec, app: App) -> None:
        self._options = options
        self._spec = spec
        self._app = app
        self._journal = app.journal(spec.region, spec.name)

    def carry_out(self, warnings: tuple[str, ...]) -> Result:
        app, spec, journal = self._app, self._spec, self._journal
        token_run = self._token_run(journal)
        run = app.run(journal, lambda _: None, token_run=token_run, name=spec.name)
        run.deadline = run.started + spec.lifecycle.timeout
        blueprint, steps = prepare(app, spec, run, token_run, self._options.kubeconfig)
        plan = survey(steps, run)
        refuse_conflicts(plan)
        journal.begin("create", token_run, region=spec.region, version=blueprint.version)
        outcome = self._apply(run, steps, plan)
        journal.finish(ok=outcome.error is None)
        journal.close()
        if outcome.error is not None:
            raise self._explained(outcome.error)
        path = self._options.kubeconfig
        file = app.kubeconfig(str(path) if path else None)
        summary = summary_of(
            app, blueprint, outcome, kubeconfig=file.path, waited=self._options.wait
        )
        return Result(
            command="create",
            part=summary,
            resources=outcome.resources,
            warnings=(*warnings, *self._unverified(blueprint)),
            durations={r.step.name: r.seconds for r in outcome.reports} | {"total": run.elapsed},
        )

    def _token_run(self, journal: Journal) -> str:
        """The run whose tokens a crash left behind, or a new one."""
        if journal.run and journal.verb == "create" and not journal.finished:
            return journal.run
        return run_id(self._app.clock.wall(), self._app.rng.randbytes(8))

    def _apply(self, run: Run, steps: tuple[Step[Any], ...], plan: Plan) -> Outcome:
        app, spec = self._app, self._spec
        headline = where(app, spec.region)
        with on_display(
            app, run, verb="create", subject=spec.name, headline=headline, steps=steps
        ) as shown:
            leave = frozenset() if self._options.wait else frozenset({"cluster"})
            outcome = Apply(steps, shown.run, known=plan, leave=leave).run()
            shown.finish(outcome)
        if outcome.error is not None and spec.lifecycle.on_failure == "rollback":
            self._roll_back(run, outcome)
        return outcome

    def _roll_back(self, run: Run, outcome: Outcome) -> None:
        """Remove what this run asked for; what it adopted stays."""
        app, spec = self._app, self._spec
        asked = [report.step for report in outcome.reports if report.asked]
        again = afresh(app, run)
        found = survey([report.step for report in outcome.reports], again)
        ours = tuple(planned for planned in found.steps if planned.step in asked)
        plan = dataclasses.replace(found, steps=ours)
        steps = [planned.step for planned in reversed(ours)]
        with on_display(
            app, again, verb="delete", subject=spec.name, headline="rolling back", steps=steps
        ) as shown:
            removed = Destroy(plan, shown.run).run()
            shown.finish(removed)
        if removed.error is not None and isinstance(outcome.error, AckGpuError):
            outcome.error.details = (
                *outcome.error.details,
                f"The rollback did not finish: {removed.error}",
                *(f"left: {resource.type} {resource.id}" for resource in removed.resources),
            )

    def _explained(self, error: Exception) -> Exception:
        """The error with the next commands."""
        if isinstance(error, AckGpuError) and self._spec.lifecycle.on_failure == "keep":
            advice = f"{error.resolution} " if error.resolution else ""
            error.resolution = advice + how_to_go_on(self._spec.name)
        return error

    def _unverified(self, blueprint: Blueprint) -> tuple[str, ...]:
        if blueprint.spec.cluster.endpoint_public_access:
            return ()
        name = self._spec.name
        message = (
            "The API server has no public endpoint, so the GPUs were not verified from here. From"
            f" a machine in the VPC: ackgpu kubeconfig write {name} --private, then"
            f" ackgpu verify {name} --private; kubectl works from there as well."
        )
        return (message,)
