"""The steps that prove a cluster's GPUs, as far as its spec asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ackgpu.cloud.api import KubeConnect, NodePool
from ackgpu.engine.step import Context, Step
from ackgpu.steps.blueprint import Blueprint
from ackgpu.steps.cuda_sample import CudaSampleStep, SampleWishes, on_node
from ackgpu.steps.driver_logs import Console
from ackgpu.steps.gpu_nodes import GpuNodesStep
from ackgpu.steps.kubeconfig import ClusterAccess
from ackgpu.steps.network_probe import NetworkStep, choose, target_on
from ackgpu.steps.pod_trial import TrialTarget
from ackgpu.steps.sample_images import images_of


@dataclass(frozen=True)
class Verified:
    """What is verified: how many nodes each pool must show, over which access, after what.

    ``console`` reads the console of an instance whose GPU does not come up. ``image_registry``
    comes before the spec's for the CUDA sample's images.
    """

    plan: Blueprint
    access: Step[ClusterAccess]
    sizes: Sequence[tuple[Step[NodePool], int]]
    after: Sequence[Step[Any]]
    console: Console
    image_registry: str = ""


def verification(connect: KubeConnect, wants: Verified) -> list[Step[Any]]:
    """The labels and the allocatable GPUs; from the level network on what pods try as well."""
    spec, access = wants.plan.spec, wants.access
    level = spec.verify.level
    nodes = GpuNodesStep(
        connect,
        access=access,
        pools=wants.after,
        wanted=lambda ctx: {ctx[step].id: size for step, size in wants.sizes},
        expect=spec.gpu.expect,
        level="labels" if level == "labels" else "allocatable",
        consecutive=spec.verify.consecutive,
        console=wants.console,
    )
    if level not in {"network", "cuda"}:
        return [nodes]
    images = images_of(spec.gpu.sample, wants.image_registry)
    image = images.first

    def probed(ctx: Context) -> list[TrialTarget]:
        verdicts = ctx[nodes]
        return [target_on(verdict, image) for verdict in choose(verdicts)]

    network = NetworkStep(
        reach=lambda ctx: connect(ctx[access].kubeconfig),
        targets=probed,
        timeout=spec.gpu.sample.timeout,
        needs=(access, nodes),
    )
    network.images = images
    if level == "network":
        return [nodes, network]
    sample = CudaSampleStep(
        reach=lambda ctx: connect(ctx[access].kubeconfig),
        targets=lambda ctx: [on_node(verdict, image) for verdict in ctx[nodes]],
        wishes=SampleWishes(timeout=spec.gpu.sample.timeout, images=images),
        needs=(access, nodes, network),
    )
    return [nodes, network, sample]
