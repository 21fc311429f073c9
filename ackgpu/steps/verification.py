"""The steps that prove a cluster's GPUs, as far as its spec asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ackgpu.cloud.api import KubeConnect, NodePool
from ackgpu.engine.step import Step
from ackgpu.steps.blueprint import Blueprint
from ackgpu.steps.cuda_sample import CudaSampleStep, SampleWishes, on_node
from ackgpu.steps.gpu_nodes import GpuNodesStep
from ackgpu.steps.kubeconfig import Access
from ackgpu.steps.manifests import default_image


@dataclass(frozen=True)
class Verified:
    """What is verified: how many nodes each pool must show, over which access, after what."""

    plan: Blueprint
    access: Step[Access]
    sizes: Sequence[tuple[Step[NodePool], int]]
    after: Sequence[Step[Any]]


def verification(connect: KubeConnect, wants: Verified) -> list[Step[Any]]:
    """The labels and the allocatable GPUs; with the level cuda the sample on each node as well."""
    spec, access = wants.plan.spec, wants.access
    level = spec.verify.level
    nodes = GpuNodesStep(
        connect,
        access=access,
        pools=wants.after,
        wanted=lambda ctx: {ctx[step].id: size for step, size in wants.sizes},
        expect=spec.gpu.expect,
        level="allocatable" if level == "cuda" else level,
        consecutive=spec.verify.consecutive,
    )
    if level != "cuda":
        return [nodes]
    image = spec.gpu.sample.image
    image = default_image(wants.plan.region) if image == "auto" else image
    sample = CudaSampleStep(
        reach=lambda ctx: connect(ctx[access].kubeconfig),
        targets=lambda ctx: [on_node(verdict, image) for verdict in ctx[nodes]],
        wishes=SampleWishes(timeout=spec.gpu.sample.timeout),
        needs=(access, nodes),
    )
    return [nodes, sample]
