"""Finding the cluster that a name means, and what is said of one that cannot be worked on."""

from __future__ import annotations

from ackgpu import flag
from ackgpu.cloud.api import Cloud, Cluster
from ackgpu.errors import ConflictError, NoSuchCluster, Transient, VerificationFailed
from ackgpu.naming import EXPIRES_TAG, cluster_name_from_tags, is_asleep
from ackgpu.session import Session

GOING = frozenset({"deleting", "delete_failed"})
"""States of a cluster that somebody deletes (CS API reference, DescribeClusterDetail)."""


def cluster_named(cloud: Cloud, name: str) -> Cluster:
    """Our cluster of that name.

    Raises NoSuchCluster where there is none, ConflictError where there are several or where the
    name is somebody else's.
    """
    rows = cloud.containers.clusters(name=name, region=cloud.region)
    ours = [row for row in rows if cluster_name_from_tags(row.tags) == name]
    if len(ours) > 1:
        ids = ", ".join(row.id for row in ours)
        raise ConflictError(f"{len(ours)} clusters are named {name}: {ids}.")
    if ours:
        return ours[0]
    if rows:
        raise ConflictError(
            f"The cluster {name} ({rows[0].id}) in {cloud.region} is not ackgpu's.",
            resolution=f"`ackgpu verify {flag.KUBECONFIG} ~/.kube/config` looks at any cluster.",
        )
    raise not_found(name, cloud.region)


def removed_meanwhile(cloud: Cloud, cluster: Cluster) -> ConflictError | None:
    """The error of a cluster that was read as running, and that somebody else deletes by now.

    None also where the cloud does not answer: the cluster stood moments ago.
    """
    try:
        rows = cloud.containers.clusters(name=cluster.name, region=cloud.region)
        listed = next((row for row in rows if row.id == cluster.id), None)
        found = listed or cloud.containers.cluster(cluster.id)
    except Transient:
        return None
    state = found.state if found else "gone"
    if state != "gone" and state not in GOING:
        return None
    return ConflictError(
        f"The cluster {cluster.name} ({cluster.id}) is {state}: somebody else deletes it.",
        resolution=f"`ackgpu wait {cluster.name} {flag.FOR} deleted` waits for its end.",
    )


def only_removal(removal: str) -> str:
    """The way on from what does not recover; ``removal`` is the command that deletes it."""
    return f"It does not recover by itself: `{removal}` removes what exists, then create it anew."


def does_not_expire(session: Session, name: str, region: str, value: str) -> str:
    """The warning on a cluster whose expiry is ``value``, which is no time."""
    anew = session.settings.command(f"extend {name} {flag.TTL} 2h", region=region)
    return (
        f"{name} in {region} does not expire: its tag {EXPIRES_TAG} is {value!r}, which is no time"
        f" such as 2026-11-24T09:00:00Z. `{anew}` sets it anew."
    )


def not_found(name: str, region: str) -> NoSuchCluster:
    """The error of a name that nothing stands behind."""
    error = NoSuchCluster(
        f"There is no cluster {name} of ackgpu's in {region}.",
        resolution=f"`ackgpu list {flag.ALL_REGIONS}` shows what there is; {flag.REGION}"
        " says where to look.",
    )
    error.region = region
    return error


def refuse_asleep(cluster: Cluster | None) -> None:
    """Raise ConflictError for a cluster that sleeps: its pools have no nodes on purpose."""
    if cluster is not None and is_asleep(cluster.tags):
        raise ConflictError(
            f"The cluster {cluster.name} ({cluster.id}) sleeps: its node pools are scaled to 0.",
            resolution=f"`ackgpu wake {cluster.name}` gives it its nodes back.",
        )


def no_gpu_node(cluster: Cluster | None, purpose: str = "") -> VerificationFailed:
    """That there is no node for a purpose, and the command that gives one."""
    asleep = cluster is not None and is_asleep(cluster.tags)
    way = (
        "It sleeps: `ackgpu wake NAME` gives it its nodes back."
        if asleep
        else "`ackgpu nodepool list NAME` shows its pools: scale one of them up, or make one with"
        " `ackgpu nodepool add NAME gpu`."
    )
    return VerificationFailed(f"The cluster has no GPU node{purpose}.", resolution=way)
