"""``kubeconfig``: write a cluster's context, show it, remove it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ackgpu import credential_cache, flag
from ackgpu.cloud.api import Cluster
from ackgpu.commands.cluster.lookup import cluster_named
from ackgpu.commands.cluster.reach import kubeconfig_of
from ackgpu.commands.kubeconfig.credential import TAKEN_MINUTES, check_minutes, plugin_of
from ackgpu.errors import ConflictError, UsageError
from ackgpu.output_forms import DOCUMENTS
from ackgpu.render.results import Facts, PlainText, Result
from ackgpu.session import Session


@dataclass(frozen=True, kw_only=True)
class KubeconfigOptions:
    """What was requested. ``minutes`` None: the certificate that ACK gives for years.

    ``renewing``: clients get a temporary certificate from ackgpu whenever they need one.
    """

    name: str
    minutes: int | None = None
    private: bool = False
    set_context: bool = False
    renewing: bool = False
    path: Path | None = None


def write(options: KubeconfigOptions, session: Session) -> Result:
    """Take the cluster's context over into the kubeconfig file."""
    file = session.kubeconfig(str(options.path) if options.path else None)
    entry = file.entry(options.name)
    if entry is not None and not entry.cluster_id:
        raise ConflictError(
            f"{file.path} has a context {options.name} that ackgpu did not write.",
            resolution=f"Give another file with {flag.KUBECONFIG}, or rename that context.",
        )
    cluster, text = _fetch(options, session)
    credential_cache.forget(options.name, session.given_env)
    file.merge(
        text,
        context=options.name,
        cluster_id=cluster.id,
        set_current=options.set_context,
        plugin=plugin_of(session, options.name, options.minutes) if options.renewing else None,
    )
    facts = {"context": options.name, "file": file.path, "clusterId": cluster.id}
    part = Facts(headline=f"context {options.name} written to {file.path}", facts=facts, done=True)
    return Result(command="kubeconfig write", part=part)


def show(options: KubeconfigOptions, session: Session) -> Result:
    """Print the cluster's kubeconfig, which holds a private key, and nothing else.

    A form of output that only the environment names is for documents, of which this is none.
    """
    if session.settings.given.output in DOCUMENTS:
        raise UsageError(
            "A kubeconfig is YAML with a private key in it: documents never carry keys.",
            resolution=f"`ackgpu kubeconfig show {options.name}`, without -o.",
        )
    part = PlainText(text=text_of(options, session), with_secrets=True)
    return Result(command="kubeconfig show", part=part)


def text_of(options: KubeconfigOptions, session: Session) -> str:
    """The cluster's kubeconfig as YAML; raises NoSuchCluster, and NotYet if ACK gives none yet."""
    return _fetch(options, session)[1].strip() + "\n"


def remove(options: KubeconfigOptions, session: Session) -> Result:
    """Take the context out of the kubeconfig file; the cluster is not asked."""
    file = session.kubeconfig(str(options.path) if options.path else None)
    entry = file.entry(options.name)
    if entry is not None and not entry.cluster_id:
        raise ConflictError(f"The context {options.name} in {file.path} is not ackgpu's.")
    file.remove(options.name)
    credential_cache.forget(options.name, session.given_env)
    said = "removed from" if entry else "is not in"
    part = Facts(headline=f"context {options.name} {said} {file.path}", done=True)
    return Result(command="kubeconfig remove", part=part)


def _fetch(options: KubeconfigOptions, session: Session) -> tuple[Cluster, str]:
    minutes = TAKEN_MINUTES[0] if options.renewing else options.minutes
    check_minutes(options.minutes)
    cloud = session.cloud()
    cluster = cluster_named(cloud, options.name)
    private = options.private or not cluster.public_endpoint
    return cluster, kubeconfig_of(cloud, cluster, private=private, minutes=minutes)
