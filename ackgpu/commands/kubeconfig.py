"""``kubeconfig``: write a cluster's context, show it, remove it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ackgpu.app import App
from ackgpu.cloud.api import Cluster
from ackgpu.commands.estates import cluster_named
from ackgpu.commands.reach import kubeconfig_of
from ackgpu.errors import ConflictError, UsageError
from ackgpu.render.output import present
from ackgpu.render.results import Facts, PlainText, Result

LEAST_MINUTES, MOST_MINUTES = 15, 4320
"""How long a temporary kubeconfig may hold (CS API reference, TemporaryDurationMinutes)."""


@dataclass(frozen=True, kw_only=True)
class KubeconfigOptions:
    """What was asked for. ``minutes`` None: the certificate that ACK gives for years."""

    name: str
    minutes: int | None = None
    private: bool = False
    set_context: bool = False
    path: Path | None = None


def write(options: KubeconfigOptions, app: App) -> int:
    """Take the cluster's context over into the kubeconfig file."""
    file = app.kubeconfig(str(options.path) if options.path else None)
    entry = file.entry(options.name)
    if entry is not None and not entry.cluster_id:
        raise ConflictError(
            f"{file.path} has a context {options.name} that ackgpu did not write.",
            resolution="Give another file with --kubeconfig, or rename that context.",
        )
    cluster, text = _fetch(options, app)
    file.merge(text, context=options.name, cluster_id=cluster.id, set_current=options.set_context)
    facts = {"context": options.name, "file": file.path, "clusterId": cluster.id}
    part = Facts(headline=f"context {options.name} written to {file.path}", facts=facts, done=True)
    return present(app.streams, app.settings.output, Result(command="kubeconfig write", part=part))


def show(options: KubeconfigOptions, app: App) -> int:
    """Print the cluster's kubeconfig, which holds a private key, and nothing else."""
    if app.settings.output in {"json", "yaml", "jsonl"}:
        raise UsageError(
            "A kubeconfig is YAML with a private key in it: documents never carry keys.",
            resolution=f"`ackgpu kubeconfig show {options.name}`, without -o.",
        )
    _, text = _fetch(options, app)
    part = PlainText(text=text.strip() + "\n")
    return present(app.streams, app.settings.output, Result(command="kubeconfig show", part=part))


def remove(options: KubeconfigOptions, app: App) -> int:
    """Take the context out of the kubeconfig file; the cluster is not asked."""
    file = app.kubeconfig(str(options.path) if options.path else None)
    entry = file.entry(options.name)
    if entry is not None and not entry.cluster_id:
        raise ConflictError(f"The context {options.name} in {file.path} is not ackgpu's.")
    file.remove(options.name)
    said = "removed from" if entry else "is not in"
    part = Facts(headline=f"context {options.name} {said} {file.path}", done=True)
    return present(app.streams, app.settings.output, Result(command="kubeconfig remove", part=part))


def _fetch(options: KubeconfigOptions, app: App) -> tuple[Cluster, str]:
    minutes = options.minutes
    if minutes is not None and not LEAST_MINUTES <= minutes <= MOST_MINUTES:
        raise UsageError(
            f"--temporary-minutes {minutes}: ACK takes {LEAST_MINUTES} to {MOST_MINUTES}."
        )
    cloud = app.cloud()
    cluster = cluster_named(cloud, options.name)
    private = options.private or not cluster.public_endpoint
    return cluster, kubeconfig_of(cloud, cluster, private=private, minutes=minutes)
