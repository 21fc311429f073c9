"""``manifest sample``: the CUDA sample's Deployment as YAML, for people who prefer kubectl."""

from __future__ import annotations

from dataclasses import dataclass

from ackgpu.app import App
from ackgpu.commands.reach import by_name
from ackgpu.commands.run_sample import choose_node
from ackgpu.render.output import present
from ackgpu.render.results import PlainText, Result
from ackgpu.spec.model import ExpectSpec
from ackgpu.steps import manifests
from ackgpu.steps.cuda_sample import anywhere
from ackgpu.steps.gpu_survey import climb
from ackgpu.steps.manifests import SampleDeployment


@dataclass(frozen=True, kw_only=True)
class ManifestOptions:
    """``name`` empty: the documented Deployment as it is; else fitted to that cluster's nodes."""

    name: str = ""
    image: str = ""
    private: bool = False


def sample(options: ManifestOptions, app: App) -> int:
    """Print it; nothing is applied."""
    wants = SampleDeployment(image=options.image)
    if options.name:
        reached = by_name(app, options.name, private=options.private)
        region = reached.cluster.region if reached.cluster else app.region
        image = options.image or manifests.default_image(region)
        wants = anywhere(choose_node(climb(reached.api, ExpectSpec())), image).deployment
    part = PlainText(text=manifests.sample_yaml(wants))
    return present(app.streams, app.settings.output, Result(command="manifest sample", part=part))
