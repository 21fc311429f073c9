"""``delete``: remove a cluster and everything that was made for it, and prove that it is gone."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ackgpu.app import App
from ackgpu.cloud.api import Cloud
from ackgpu.commands.estates import not_found
from ackgpu.commands.receipt import (
    named,
    not_waited,
    occupied,
    preview_of,
    receipt_of,
    told_of,
    unknown_to,
)
from ackgpu.commands.running import afresh, locked, on_display, timeout_of, until_visible, where
from ackgpu.engine.destroy import Destroy
from ackgpu.engine.plan import Plan, survey
from ackgpu.engine.run import Outcome, Run
from ackgpu.errors import (
    AckGpuError,
    CloudError,
    ConflictError,
    Interrupted,
    LeftoversError,
    LocalError,
    TimedOut,
    UsageError,
)
from ackgpu.naming import CLUSTER_TAG, run_id
from ackgpu.render.output import present, show_preview
from ackgpu.render.results import DeletePreview, DeleteResult, Result
from ackgpu.steps.discover import Estate, discover
from ackgpu.steps.pod_leftovers import claim, with_pod_leftovers
from ackgpu.steps.removal import delete_graph, with_homes
from ackgpu.steps.strangers import Stranger, disowned_by, strangers_in

DEFAULT_TIMEOUT = "45m"


@dataclass(frozen=True, kw_only=True)
class DeleteOptions:
    """What ``delete`` was asked for."""

    name: str
    retain: tuple[str, ...] = ()
    dry_run: bool = False
    yes: bool = False
    must_exist: bool = False
    wait: bool = True
    timeout: str = ""
    kubeconfig: Path | None = None


def run(options: DeleteOptions, app: App) -> int:
    """Remove the cluster; what is not there is removed already. The exit code."""
    cloud = app.cloud()
    with locked(app, cloud.region, options.name):
        deletion = Deletion(options, app, cloud)
        with closing(deletion.journal):
            result = deletion.carry_out()
    return present(app.streams, app.settings.output, result)


class Deletion:
    """One deletion of the cluster that ``options`` name, in the cloud's region."""

    def __init__(self, options: DeleteOptions, app: App, cloud: Cloud) -> None:
        self._options = options
        self._app = app
        self._cloud = cloud
        self.journal = app.journal(cloud.region, options.name)
        self._strangers: list[Stranger] = []
        self._warnings: list[str] = []

    def carry_out(self) -> Result:
        """Remove it. Raises what ended it early; leftovers are the result's error."""
        options, app = self._options, self._app
        run = self._run()
        if not options.dry_run:
            until_visible(app, run)
        remembered = self.journal.recall("cluster", "id")
        known = [remembered] if remembered else []
        estate = self._discover(run, known)
        self._strangers = self._look_around(estate, run)
        if estate.empty:
            return self._nothing(estate)
        self._refuse_unknown(estate)
        held = occupied(self._strangers, estate.name)
        plan = survey(delete_graph(self._cloud, estate, options.retain, held), run)
        preview = self._preview(estate, plan)
        if options.dry_run:
            return Result(command="delete", part=preview, resources=plan.resources)
        self._refuse_protected(estate)
        self._ask(preview)
        self.journal.begin("delete", self.journal.run or _new_run(app))
        claim(self._cloud, estate, options.retain)
        outcome = self._destroy(run, plan)
        if not any(cluster.id in options.retain for cluster in estate.clusters):
            self._forget_context(estate)
        return self._result(estate, run, outcome)

    def _run(self) -> Run:
        app = self._app
        run = app.run(
            self.journal,
            lambda _: None,
            token_run=self.journal.run,
            name=self._options.name,
            region=self._cloud.region,
        )
        run.deadline = run.started + timeout_of(app, self._options.timeout)
        return run

    def _discover(self, run: Run, cluster_ids: list[str]) -> Estate:
        estate = discover(self._cloud, self._options.name, run, cluster_ids=cluster_ids)
        return with_pod_leftovers(self._cloud, estate, run, cluster_ids=cluster_ids)

    def _look_around(self, estate: Estate, run: Run) -> list[Stranger]:
        """What is in the way, and what we made and somebody took the tag off."""
        found = strangers_in(self._cloud, estate, run, self._options.retain)
        made = self.journal.recall_all("id")
        disowned = disowned_by(self._cloud, made, estate)
        return list({stranger.id: stranger for stranger in (*disowned, *found)}.values())

    def _nothing(self, estate: Estate) -> Result:
        if estate.foreign:
            raise ConflictError(
                f"The cluster {estate.name} ({estate.foreign[0].id}) in {estate.region} is not"
                " ackgpu's, so it is not deleted.",
            )
        disowned = self._disowned_lines(estate)
        if disowned:
            raise LeftoversError(
                f"Nothing carries the tag {CLUSTER_TAG}={estate.name}, but what was made for it is"
                " still there.",
                details=disowned,
                resolution=_PUT_BACK,
            )
        if self._options.must_exist:
            raise not_found(estate.name, estate.region)
        if not self._options.dry_run:
            self._forget_context(estate)
            self.journal.discard()
        self._warnings += _elsewhere(self._app, estate)
        part = DeleteResult(cluster_name=estate.name, region=estate.region, existed=False)
        return Result(command="delete", part=part, warnings=tuple(self._warnings))

    def _refuse_unknown(self, estate: Estate) -> None:
        """A mistyped id would be lost. Without its cluster, what was retained may be untagged."""
        unknown = unknown_to(estate, self._strangers, self._options.retain)
        if not unknown:
            return
        message = f"--retain {', '.join(unknown)}: nothing of {estate.name} has this id"
        if estate.clusters:
            raise UsageError(
                f"{message}, so nothing was deleted.",
                resolution="`--dry-run` lists the ids; names are not taken.",
            )
        self._warnings.append(f"{message}.")

    def _refuse_protected(self, estate: Estate) -> None:
        for cluster in estate.clusters:
            if cluster.deletion_protection and cluster.id not in self._options.retain:
                raise ConflictError(
                    f"The cluster {cluster.name} ({cluster.id}) is protected against deletion.",
                    resolution="Switch the protection off first (ACK console, cluster"
                    " information, or ModifyCluster deletion_protection=false).",
                )

    def _ask(self, preview: DeletePreview) -> None:
        if self._options.yes:
            return
        show_preview(self._app.streams, preview)
        name = self._options.name
        if not self._app.streams.type_name("Type the cluster's name to go on:", name):
            raise UsageError("Nothing was deleted: what was typed is not the cluster's name.")

    def _preview(self, estate: Estate, plan: Plan) -> DeletePreview:
        pools = [
            pool
            for cluster in estate.clusters
            if cluster.id not in self._options.retain
            for pool in self._cloud.containers.node_pools(cluster.id)
        ]
        return preview_of(estate, plan, pools, self._options.retain, self._strangers)

    def _destroy(self, run: Run, plan: Plan) -> Outcome:
        app, name = self._app, self._options.name
        steps = [planned.step for planned in reversed(plan.steps)]
        headline = where(app, self._cloud.region)
        with on_display(
            app, run, verb="delete", subject=name, headline=headline, steps=steps
        ) as shown:
            outcome = Destroy(plan, shown.run, leave=self._left_alone(plan)).run()
            shown.finish(outcome)
        return outcome

    def _left_alone(self, plan: Plan) -> frozenset[str]:
        if self._options.wait:
            return frozenset()
        return frozenset(p.step.name for p in plan.steps if p.step.kind == "cluster")

    def _forget_context(self, estate: Estate) -> None:
        """Take the context out; what stands in the way is a warning, as the cluster is gone."""
        path, name = self._options.kubeconfig, self._options.name
        file = self._app.kubeconfig(str(path) if path else None)
        try:
            entry = file.entry(name)
            if entry is None or not entry.cluster_id:
                return
            stays = self._why_it_stays(entry.cluster_id, estate)
            if stays:
                self._warnings.append(f"The context {name} stays in {file.path}: {stays}.")
            else:
                file.remove(name)
        except LocalError as error:
            self._warnings.append(f"A context {name} may be left: {error.message}")

    def _why_it_stays(self, cluster_id: str, estate: Estate) -> str:
        """Why a context is not this deletion's to take out; empty where it is.

        It may be of a cluster of that name in another region. One that no region has any more is
        taken out by any deletion of that name.
        """
        if cluster_id in {self.journal.recall("cluster", "id"), *(c.id for c in estate.clusters)}:
            return ""
        try:
            named = self._cloud.containers.clusters(name=estate.name)
        except CloudError as error:
            return f"whether its cluster {cluster_id} still stands was not told ({error.message})"
        regions = [cluster.region for cluster in named if cluster.id == cluster_id]
        return f"its cluster {cluster_id} is in {regions[0]}" if regions else ""

    def _result(self, estate: Estate, run: Run, outcome: Outcome) -> Result:
        if not self._options.wait and outcome.error is None:
            self.journal.finish(ok=False)
            part = not_waited(estate, outcome, again=self._app.again(without="--no-wait"))
            return Result(
                command="delete",
                part=part,
                resources=outcome.resources,
                warnings=tuple(self._warnings),
            )
        left = self._discover(afresh(self._app, run), [c.id for c in estate.clusters])
        error = self._failure(estate, outcome, left)
        if error is None:
            self.journal.discard()
        else:
            self.journal.finish(ok=False)
            if not isinstance(error, LeftoversError):
                raise error
        return Result(
            command="delete",
            part=DeleteResult(
                cluster_name=estate.name,
                seconds=outcome.seconds,
                lived=_lived(self._app, estate),
                **receipt_of(estate, outcome, self._options.retain, self._strangers),
            ),
            resources=outcome.resources,
            warnings=tuple(self._warnings),
            error=error,
            durations={r.step.name: r.seconds for r in outcome.reports} | {"total": run.elapsed},
        )

    def _advice(self, error: Exception | None, again: str) -> str:
        """What to do first: about what is in the way, else what the failure itself advises."""
        own = error.resolution if isinstance(error, AckGpuError) else None
        if any(stranger.disowned for stranger in self._strangers):
            own = _PUT_BACK
        elif self._strangers:
            own = "Remove what is in the way first."
        return f"{own} {again}" if own and own != again else again

    def _disowned_lines(self, estate: Estate) -> list[str]:
        strangers = [s for s in self._strangers if s.disowned and s.id not in self._options.retain]
        return [f"{named(s)}: {s.why(estate.name)}" for s in strangers]

    def _failure(self, estate: Estate, outcome: Outcome, left: Estate) -> AckGpuError | None:
        error = outcome.error
        again = f"Run it again: `{self._app.again()}` takes up what is left."
        told = told_of(outcome)
        if isinstance(error, Interrupted | TimedOut):
            error.details = (*error.details, *(f"left: {line}" for line in told))
            error.resolution = again
            return error
        kept = with_homes(estate, self._options.retain)
        kept |= {r.id for r in outcome.reports if r.status == "kept"}
        remains = [id_ for id_ in left.ids if id_ not in kept]
        disowned = self._disowned_lines(left)
        if error is None and not remains and not disowned:
            return None
        reason = f": {error.message}" if isinstance(error, AckGpuError) else "."
        found = LeftoversError(
            f"{self._options.name} is not gone completely{'.' if told else reason}",
            details=[*(told or remains), *disowned],
            resolution=self._advice(error, again if told or remains else _PUT_BACK),
        )
        found.__cause__ = error
        return found


_PUT_BACK = (
    f"Put the tag {CLUSTER_TAG} back and run it again, or remove what is yours in the console."
)


def _new_run(app: App) -> str:
    return run_id(app.clock.wall(), app.rng.randbytes(8))


def _elsewhere(app: App, estate: Estate) -> list[str]:
    """The other regions in which this machine's journals know a cluster of that name."""
    name = estate.name
    return [
        f"This machine made a {name} in {region}:"
        f" `{app.command(f'delete {name} --region {region}')}` deletes that one."
        for region in app.regions_known(name)
        if region != estate.region
    ]


def _lived(app: App, estate: Estate) -> float | None:
    births: list[datetime] = [c.created for c in estate.clusters if c.created]
    return app.clock.since(min(births)) if births else None
