"""The CUDA sample's Deployment: the documented one, and the same fitted to a cluster.

Source: ACK documentation, "Create an ACK cluster to schedule lightweight GPU workloads". A vGPU
node has one device, so the limit is exactly one.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

from ackgpu.steps.gpu_checks import GPU

NAME = "cuda-sample"
NAMESPACE = "default"
OWNER_LABEL, OWNER = "app.kubernetes.io/managed-by", "ackgpu"
NOBODY = 65534
"""The user of a restricted sample: the image's own is root."""


@dataclass(frozen=True, kw_only=True)
class SampleDeployment:
    """How the documented Deployment is changed.

    ``selector`` replaces the node selector, ``resource`` is what its container has one of, empty
    for nothing. ``image`` is empty for the documented one. ``tolerant``: no taint keeps it off.
    ``restricted``: it passes PodSecurity's level restricted, and installs no packages, which takes
    root.
    """

    name: str = NAME
    image: str = ""
    selector: Mapping[str, str] = field(default_factory=dict)
    resource: str = GPU
    tolerant: bool = False
    restricted: bool = False


def sample_manifest(wants: SampleDeployment) -> dict[str, Any]:
    """The Deployment as it is applied: in a namespace, and labelled as ackgpu's own."""
    manifest: dict[str, Any] = _plain(_fitted(wants))
    manifest["metadata"]["namespace"] = NAMESPACE
    for labels in (manifest["metadata"]["labels"], _template(manifest)["metadata"]["labels"]):
        labels[OWNER_LABEL] = OWNER
    return manifest


def sample_yaml(wants: SampleDeployment) -> str:
    """The Deployment as YAML, for people who prefer kubectl; as documented by default."""
    from ruamel.yaml import YAML

    text = io.StringIO()
    _style(YAML()).dump(_fitted(wants), text)
    return text.getvalue()


def _fitted(wants: SampleDeployment) -> Any:
    from ruamel.yaml import YAML

    document = _style(YAML()).load(_data("cuda_sample.yaml"))
    pod = _template(document)
    for labels in (
        document["metadata"]["labels"],
        document["spec"]["selector"]["matchLabels"],
        pod["metadata"]["labels"],
    ):
        labels["app"] = wants.name
    document["metadata"]["name"] = wants.name
    container = pod["spec"]["containers"][0]
    if wants.image:
        container["image"] = wants.image
    if wants.tolerant:
        pod["spec"]["tolerations"] = [{"operator": "Exists"}]
    if wants.restricted:
        pod["spec"]["securityContext"] = {
            "runAsNonRoot": True,
            "runAsUser": NOBODY,
            "seccompProfile": {"type": "RuntimeDefault"},
        }
        container["securityContext"] = {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
        }
    if wants.selector:
        pod["spec"]["nodeSelector"] = dict(wants.selector)
    limits = container["resources"]["limits"]
    if wants.resource:
        limits[wants.resource] = limits.pop(GPU)
    else:
        del container["resources"]
        # CUDA images ask for all GPUs, which the runtime would give without the scheduler's leave.
        container["env"] = [{"name": "NVIDIA_VISIBLE_DEVICES", "value": "void"}]
    return document


def _template(document: Any) -> Any:
    return document["spec"]["template"]


def _style(yaml: Any) -> Any:
    yaml.preserve_quotes = True
    yaml.width = 1_000_000  # an image's name stays on its line
    return yaml


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, str) else value


def sample_source() -> bytes:
    """The CUDA source of the vector addition that ackgpu brings along."""
    return _data("vector_add.cu").encode()


def _data(name: str) -> str:
    return files("ackgpu.steps").joinpath(f"data/{name}").read_text(encoding="utf-8")
