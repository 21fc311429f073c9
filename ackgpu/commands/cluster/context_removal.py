"""A deleted cluster's context is taken out of the kubeconfig, unless it is of another cluster."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from pathlib import Path

from ackgpu import credential_cache
from ackgpu.cloud.api import Cluster
from ackgpu.engine.gather import all_of
from ackgpu.errors import CloudError, LocalError
from ackgpu.session import Session


def forget_context(session: Session, name: str, path: Path | None, deleted: Collection[str]) -> str:
    """Take the context ``name`` out of the kubeconfig; why it stays, empty if it does not.

    ``deleted``: the ids of the clusters that are gone. What goes wrong is no error of a deletion
    that has done its work.
    """
    # First: whatever comes of the file, a certificate of a cluster that is gone is of no use.
    credential_cache.forget(name, session.given_env)
    file = session.kubeconfig(str(path) if path else None)
    try:
        entry = file.entry(name)
        if entry is None or not entry.cluster_id:
            return ""
        stays = (
            "" if entry.cluster_id in deleted else _why_it_stays(session, name, entry.cluster_id)
        )
        if stays:
            return f"The context {name} stays in {file.path}: {stays}."
        file.remove(name)
    except LocalError as error:
        return f"A context {name} may be left: {error.message}"
    return ""


def _why_it_stays(session: Session, name: str, cluster_id: str) -> str:
    """Why a context is not this deletion's to take out; empty if it is.

    It may be of a cluster of that name in another region. One that no region has any more is taken
    out by any deletion of that name.
    """

    def named_in(region: str) -> list[Cluster]:
        return session.cloud(region).containers.clusters(name=name)

    try:
        regions = session.cloud().compute.regions()
        found = all_of(session.reading(), {region: partial(named_in, region) for region in regions})
    except CloudError as error:
        return f"whether its cluster {cluster_id} still stands was not told ({error.message})"
    homes = [region for region in regions if any(c.id == cluster_id for c in found[region])]
    return f"its cluster {cluster_id} is in {homes[0]}" if homes else ""
