"""The part of ``verify`` that tries the pods' network."""

from __future__ import annotations

from collections.abc import Sequence

from ackgpu.cloud.api import KubeApi
from ackgpu.commands.verify.sample_run import Carried, carry_out
from ackgpu.errors import TimedOut
from ackgpu.render.verdicts import NetworkRow
from ackgpu.session import Headline, Session
from ackgpu.steps.network_probe import NetworkStep, ProbeOutcome
from ackgpu.steps.pod_trial import TrialTarget
from ackgpu.steps.sample_images import SampleImages


def try_network(  # noqa: PLR0913 -- a run and what it needs
    session: Session,
    api: KubeApi,
    targets: Sequence[TrialTarget],
    *,
    shown: Headline,
    timeout: float,
    images: SampleImages,
) -> tuple[tuple[NetworkRow, ...], Carried]:
    """Try the network from a pod on each target, of which there are one or two."""
    step = NetworkStep(reach=lambda _: api, targets=lambda _: targets, timeout=timeout)
    step.images = images
    carried = carry_out(session, step, shown)
    if not isinstance(carried.error, TimedOut):
        carried.raise_error()
    return tuple(row for outcome in step.outcomes for row in _rows(outcome)), carried


def _rows(outcome: ProbeOutcome) -> list[NetworkRow]:
    return [
        NetworkRow(
            name=probe.name,
            node=probe.node,
            verdict=probe.verdict,
            peer=probe.peer,
            message=probe.message,
            remedy=probe.remedy,
        )
        for probe in outcome.probes
    ]
