"""The user's kubeconfig, changed as kubectl changes it.

With several paths in ``KUBECONFIG`` reading takes the first that has an entry, and writing goes
where the entry is, else to the first file that exists, else to the last (client-go's rules). A
context that ackgpu writes carries an extension named ``ackgpu`` with the cluster's id, which is
how it is told from others.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ackgpu import flag
from ackgpu.clock import Clock, SystemClock
from ackgpu.cloud.api import ClientCertificate, KubeconfigEntry
from ackgpu.cloud.kube import document as doc
from ackgpu.cloud.kube.access import certificate_of
from ackgpu.cloud.kube.document import Document
from ackgpu.cloud.kube.file import Kubefile
from ackgpu.errors import LocalError


def open_kubeconfig(path: str | None, env: Mapping[str, str], home: Path) -> UserKubeconfig:
    """The kubeconfig: ``path``, else what ``KUBECONFIG`` lists, else ``~/.kube/config``."""
    listed = [part for part in env.get("KUBECONFIG", "").split(os.pathsep) if part]
    chosen = [path] if path else listed or [str(home / ".kube" / "config")]
    paths = [Path(_from_home(part, home)) for part in dict.fromkeys(chosen)]
    return UserKubeconfig(paths, SystemClock())


def _from_home(path: str, home: Path) -> str:
    return str(home / path[2:]) if path.startswith("~/") else path


class UserKubeconfig:
    """:class:`~ackgpu.cloud.api.KubeconfigFile` over one or several files."""

    def __init__(self, paths: Sequence[Path], clock: Clock) -> None:
        self._files = [Kubefile(path, clock) for path in paths]

    @property
    def path(self) -> str:
        return str(self._default.path)

    def entry(self, context: str) -> KubeconfigEntry | None:
        """The context of that name, or None; its cluster and user may be in other files."""
        documents = [file.read() for file in self._files]
        found = next((row for row in doc.found(documents, "contexts", context)), None)
        if found is None:
            return None
        inner = found.get("context") or {}
        cluster = next(iter(doc.found(documents, "clusters", inner.get("cluster"))), None) or {}
        user = next(iter(doc.found(documents, "users", inner.get("user"))), None) or {}
        doc.learn_secrets(user.get("user"))
        single = doc.single(context, inner, cluster.get("cluster") or {}, user.get("user") or {})
        server = str((cluster.get("cluster") or {}).get("server") or "")
        whole = bool(server and user.get("user"))
        return KubeconfigEntry(doc.cluster_id(inner), server, whole, doc.dump(single))

    def merge(
        self,
        text: str,
        *,
        context: str,
        cluster_id: str,
        set_current: bool,
        plugin: Mapping[str, Any] | None = None,
    ) -> None:
        cluster, user = doc.only_context(text)
        if plugin is not None:
            user = {"exec": dict(plugin)}
        home = next((file for file in self._files if self._has(file, context)), self._default)

        def change(document: Document) -> None:
            doc.put(document, context, cluster, user, cluster_id=cluster_id)

        home.change(change)
        if set_current or not self._current.read().get("current-context"):
            self._current.change(lambda document: doc.set_current(document, context))

    def certificate_in(self, text: str) -> ClientCertificate:
        from cryptography import x509

        _, user = doc.only_context(text)
        pair = certificate_of(user)
        if pair is None:
            raise LocalError("The kubeconfig that the cloud answered has no client certificate.")
        certificate, key = pair
        try:
            end = x509.load_pem_x509_certificate(certificate.encode()).not_valid_after_utc
        except ValueError as error:
            raise LocalError(f"The cloud answered a certificate that is none: {error}.") from None
        return ClientCertificate(certificate, key, end)

    def remove(self, context: str) -> None:
        for file in self._files:
            if self._has(file, context) or file.read().get("current-context") == context:
                file.change(lambda document: doc.take_out(document, context))

    def check_writable(self) -> None:
        self._default.read()
        self._default.check_writable()

    @property
    def _default(self) -> Kubefile:
        return next((file for file in self._files if file.path.exists()), self._files[-1])

    @property
    def _current(self) -> Kubefile:
        """Where kubectl would change ``current-context``: the first file that has one."""
        says = (file for file in self._files if file.read().get("current-context"))
        return next(says, self._default)

    @staticmethod
    def _has(file: Kubefile, context: str) -> bool:
        return bool(doc.found([file.read()], "contexts", context))


def read_text(path: Path) -> str:
    """A kubeconfig file's text with its relative paths made absolute; raises LocalError.

    It may be a pipe such as a shell's ``<(…)``.
    """
    if not path.exists():
        raise LocalError(f"There is no kubeconfig {path}.", resolution=f"Check {flag.KUBECONFIG}.")
    if path.is_dir():
        raise LocalError(f"{path} is a directory.", resolution="Give the kubeconfig in it.")
    document = Kubefile(path, SystemClock()).read(pipes=True)
    return json.dumps(document, default=str)  # JSON is YAML, and written and read in no time
