"""Causes in the cloud: the cluster itself, its API server, its images."""

from __future__ import annotations

from collections.abc import Iterator

from ackgpu import flag
from ackgpu.commands.diagnose.pools import causes_in_pools, quoted_events, said_by_task
from ackgpu.commands.diagnose.reads import KUBERNETES, ClusterReads
from ackgpu.errors import Transient
from ackgpu.render.causes import Cause
from ackgpu.render.kind_words import kinds_of
from ackgpu.spec.images import default_image_type, problem_with_image
from ackgpu.steps.cluster import ENDED, STARTING

IMAGE_TYPE = "scaling_group.image_type"


def causes_in_the_cloud(seen: ClusterReads) -> Iterator[Cause]:
    """Every cause that the cloud's own answers show."""
    yield from _cluster(seen)
    yield from _api_server(seen)
    yield from causes_in_pools(seen)
    yield from _images(seen)


def _cluster(seen: ClusterReads) -> Iterator[Cause]:
    name, state = seen.cluster.name, seen.cluster.state
    if seen.remains:
        yield Cause(
            id="no-cluster",
            likelihood="certain",
            title="there is no cluster: only a part of what belongs to one stands",
            evidence=(kinds_of(seen.remains), *(f"{each.type} {each.id}" for each in seen.remains)),
            commands=(seen.command(f"create {name}"), seen.command(f"delete {name}")),
            note="The first goes on from what stands, the second removes it; a cluster of a file"
            " takes -f as before.",
        )
    elif state in ENDED:
        yield Cause(
            id="cluster-failed",
            likelihood="certain",
            title=f"the cluster is {state}",
            evidence=(
                *(said_by_task(t) for t in seen.tasks if t.target in {seen.cluster.id, ""}),
                *quoted_events(seen),
            ),
            commands=(seen.command(f"delete {name}"), seen.command(f"create {name}")),
            note="It does not recover by itself: remove what exists, then create it anew.",
        )
    elif state in STARTING or state == "deleting":
        goal = "deleted" if state == "deleting" else "cluster"
        yield Cause(
            id="cluster-not-ready",
            likelihood="certain",
            title=f"the cluster is {state}: nothing of it can be used now",
            evidence=quoted_events(seen),
            commands=(seen.command(f"wait {name} {flag.FOR} {goal}"),),
        )


def _api_server(seen: ClusterReads) -> Iterator[Cause]:
    error = seen.refused.get(KUBERNETES)
    if not isinstance(error, Transient):
        return
    cluster = seen.cluster
    yield Cause(
        id="api-server-unreachable",
        likelihood="certain",
        title="the API server does not answer from here",
        evidence=(
            f"{cluster.public_endpoint or cluster.private_endpoint}: {error.message}",
            f"ACK says that the cluster is {cluster.state}",
        ),
        commands=(
            seen.command("doctor"),
            seen.command(f"describe {cluster.name} {flag.RESOURCES}"),
        ),
        note="The first tests this machine and its proxies; the second shows whether the load"
        " balancer and the EIP of the API server are there and active.",
    )


def _images(seen: ClusterReads) -> Iterator[Cause]:
    """Pools whose image the kubelet of the cluster's version refuses."""
    name, version = seen.cluster.name, seen.cluster.version
    for pool in seen.pools:
        problem = problem_with_image(str(pool.settings.get(IMAGE_TYPE) or ""), version)
        if not problem or pool.healthy >= pool.desired:
            continue
        types = " ".join(f"{flag.INSTANCE_TYPE} {each}" for each in pool.instance_types)
        anew = f"nodepool add {name} {pool.name}-2 {types} {flag.NODES} {max(pool.desired, 1)}"
        yield Cause(
            id="image-too-old",
            likelihood="certain",
            title=f"the nodes of {pool.name} boot an image that Kubernetes {version} refuses",
            evidence=(problem, f"{pool.healthy} of {pool.desired} nodes are Ready"),
            commands=(
                seen.command(anew),
                seen.command(f"nodepool delete {name} {pool.name}"),
            ),
            note=f"A new pool gets {default_image_type(version)}, ACK's own choice.",
        )
