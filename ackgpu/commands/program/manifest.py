"""``manifest sample``: the CUDA sample's Deployment as YAML, for people who prefer kubectl."""

from __future__ import annotations

from dataclasses import dataclass

from ackgpu.commands.cluster.reach import by_name
from ackgpu.commands.verify.run_sample import choose_node
from ackgpu.render.results import PlainText, Result
from ackgpu.session import Session
from ackgpu.spec.catalog import NAME_LABEL, gpu_type
from ackgpu.spec.model import ExpectSpec
from ackgpu.steps import manifests
from ackgpu.steps.cuda_sample import anywhere
from ackgpu.steps.gpu_checks import NodeVerdict
from ackgpu.steps.gpu_survey import climb
from ackgpu.steps.manifests import SampleDeployment
from ackgpu.steps.sample_images import SampleImages


@dataclass(frozen=True, kw_only=True)
class ManifestOptions:
    """``name`` empty: the documented Deployment as it is; else fitted to that cluster's nodes."""

    name: str = ""
    image: str = ""
    private: bool = False


def sample(options: ManifestOptions, session: Session) -> Result:
    """Print it; nothing is applied."""
    wants = SampleDeployment(image=options.image)
    if options.name:
        reached = by_name(session, options.name, private=options.private)
        verdict = choose_node(climb(reached.api, ExpectSpec()), reached.cluster)
        images = SampleImages(options.image, session.settings.image_registry)
        wants = anywhere(verdict, _documented(images, verdict)).deployment
    return Result(command="manifest sample", part=PlainText(text=manifests.sample_yaml(wants)))


def _documented(images: SampleImages, verdict: NodeVerdict) -> str:
    """The image that fits the driver documented for the node's type: no pod has read it."""
    known = gpu_type(verdict.instance_type)
    if known is None or not known.cuda:
        return images.first
    return images.fitting(known.cuda, verdict.labels.get(NAME_LABEL, ""))
