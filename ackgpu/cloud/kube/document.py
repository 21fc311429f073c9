"""The contents of a kubeconfig: contexts, clusters and users, by name.

Documents are read and written with their comments and order (YAML round trip).
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from pathlib import Path
from typing import Any

from ackgpu import flag
from ackgpu.errors import LocalError
from ackgpu.redaction import learn

Document = MutableMapping[str, Any]

_OWNER = "ackgpu"
_PLAIN = re.compile(r"[A-Za-z][\w.-]*")
# YAML 1.1, which kubectl reads, takes these for booleans or null.
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
_SECRETS = ("client-key-data", "token", "password")
_FILES = ("certificate-authority", "client-certificate", "client-key", "tokenFile")


def parse(text: str, source: str) -> Document:
    """The document; raises LocalError naming ``source`` where it is not a kubeconfig."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    wrong = LocalError(
        f"{source} is not a kubeconfig.",
        resolution=f"Repair it, or give another {flag.KUBECONFIG}.",
    )
    try:
        document = _yaml(YAML()).load(text)
    except (YAMLError, ValueError, RecursionError) as error:
        lines = str(error).split("\n")
        wrong.details = (lines[0], *(line.strip() for line in lines[1:3]))
        raise wrong from None
    if document is None:
        return {"apiVersion": "v1", "kind": "Config"}
    if not _well_formed(document):
        raise wrong
    found_document: Document = document
    return found_document


def parse_quickly(text: str, source: str) -> Document:
    """As :func:`parse`, but without comments, and with numbers as text: only to be read."""
    from ackgpu.cloud.kube import quick

    document = quick.load(text)
    return document if _well_formed(document) else parse(text, source)


def _well_formed(document: Any) -> bool:
    """Whether the parts that are used are of the types that kubectl gives them."""
    if not isinstance(document, MutableMapping):
        return False
    for kind in ("context", "cluster", "user"):
        rows = document.get(f"{kind}s")
        if not _rows(rows) or not all(_maybe(row.get(kind)) for row in rows or []):
            return False
    inner = [row.get("context") or {} for row in document.get("contexts") or []]
    extensions = [context.get("extensions") for context in inner]
    return all(
        _rows(rows) and all(_maybe(row.get("extension")) for row in rows or [])
        for rows in extensions
    )


def _rows(value: Any) -> bool:
    if value is None:
        return True
    return isinstance(value, list) and all(isinstance(row, MutableMapping) for row in value)


def _maybe(value: Any) -> bool:
    return value is None or isinstance(value, MutableMapping)


def dump(document: Document) -> str:
    """The document as YAML text."""
    from ruamel.yaml import YAML

    stream = io.StringIO()
    _yaml(YAML()).dump(document, stream)
    return stream.getvalue()


def _yaml(yaml: Any) -> Any:
    yaml.preserve_quotes = True
    yaml.width = 1_000_000  # certificates stay on their line
    return yaml


def found(documents: Iterable[Document], section: str, name: Any) -> list[Any]:
    """Every entry of ``name`` in a section, in the documents' order."""
    rows = [row for document in documents for row in document.get(section) or []]
    return [row for row in rows if str(row.get("name")) == str(name)]


def cluster_id(context: Mapping[str, Any]) -> str:
    """The ACK cluster that ackgpu wrote a context for; empty where somebody else wrote it."""
    for row in context.get("extensions") or []:
        if row.get("name") == _OWNER:
            return str((row.get("extension") or {}).get("clusterId") or "")
    return ""


def only_context(text: str) -> tuple[Any, Any]:
    """The cluster and the user of the text's current, or only, context; raises LocalError."""
    document = parse(text, "What the cloud answered")
    contexts = document.get("contexts") or []
    current = document.get("current-context")
    chosen = found([document], "contexts", current) or contexts[:1]
    if not chosen:
        raise LocalError("The kubeconfig that the cloud answered has no context.")
    inner = chosen[0].get("context") or {}
    cluster = found([document], "clusters", inner.get("cluster"))
    user = found([document], "users", inner.get("user"))
    if not cluster or not user:
        raise LocalError("The kubeconfig that the cloud answered lacks its cluster or user.")
    learn_secrets(user[0].get("user"))
    return cluster[0].get("cluster") or {}, user[0].get("user") or {}


def learn_secrets(user: Mapping[str, Any] | None) -> None:
    """Remember the key, token and password of a user, which nothing that is written may hold."""
    learn(*((user or {}).get(key) for key in _SECRETS))


def single(name: str, context: Mapping[str, Any], cluster: Any, user: Any) -> Document:
    """A kubeconfig with only one context, and it the current one."""
    inner = {**context, "cluster": quoted(name), "user": quoted(name)}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"cluster": cluster, "name": quoted(name)}],
        "contexts": [{"context": inner, "name": quoted(name)}],
        "users": [{"name": quoted(name), "user": user}],
        "current-context": quoted(name),
    }


def put(document: Document, context: str, cluster: Any, user: Any, *, cluster_id: str) -> None:
    """Add the context with its cluster and user, or replace them.

    Cluster and user have the context's name too, unless another context uses an entry so named.
    """
    owner = {"name": _OWNER, "extension": {"clusterId": quoted(cluster_id)}}
    cluster_name = _free_name(document, "cluster", context)
    user_name = _free_name(document, "user", context)
    inner = {
        "cluster": quoted(cluster_name),
        "user": quoted(user_name),
        "extensions": [owner],
    }
    _set(document, "clusters", cluster_name, {"cluster": cluster})
    _set(document, "contexts", context, {"context": inner})
    _set(document, "users", user_name, {"user": user})
    document.setdefault("apiVersion", "v1")
    document.setdefault("kind", "Config")


def set_current(document: Document, context: str) -> None:
    """Make ``context`` the current one."""
    document["current-context"] = quoted(context)


def take_out(document: Document, context: str) -> None:
    """Remove the context, its cluster and its user, unless another context uses them."""
    for row in found([document], "contexts", context):
        document["contexts"].remove(row)
        inner = row.get("context") or {}
        for kind in ("cluster", "user"):
            name = inner.get(kind)
            if name is not None and not _used(document, kind, name):
                for entry in found([document], f"{kind}s", name):
                    document[f"{kind}s"].remove(entry)
    # Left empty and not set to another: which cluster kubectl talks to is not ours to choose.
    if document.get("current-context") == context:
        document["current-context"] = ""


def absolute(document: Document, directory: Path) -> None:
    """Make relative file names absolute: they are relative to the file that holds them."""
    for section, inner in (("clusters", "cluster"), ("users", "user")):
        for row in document.get(section) or []:
            body = row.get(inner) or {}
            for key in _FILES:
                if body.get(key):
                    body[key] = str(directory / str(body[key]))
            plugin = body.get("exec")
            # A bare name is looked for on the PATH (client-go, GetAuthInfoFileReferences).
            if isinstance(plugin, MutableMapping) and "/" in str(plugin.get("command") or ""):
                plugin["command"] = str(directory / str(plugin["command"]))


def quoted(name: str) -> str:
    """``name`` so that YAML 1.1 and 1.2 both read it as text."""
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString

    if _PLAIN.fullmatch(name) and name.lower() not in _WORDS:
        return name
    text: str = DoubleQuotedScalarString(name)
    return text


def _used(document: Document, kind: str, name: Any, *, beside: str | None = None) -> bool:
    rows: Sequence[Any] = document.get("contexts") or []
    others = [row for row in rows if row.get("name") != beside]
    return any((row.get("context") or {}).get(kind) == name for row in others)


def _free_name(document: Document, kind: str, context: str) -> str:
    # Another tool's context may use a user of this name: it must not be given another key.
    taken = _used(document, kind, context, beside=context)
    return f"{_OWNER}-{context}" if taken else context


def _set(document: Document, section: str, name: str, body: Mapping[str, Any]) -> None:
    rows = document.get(section)
    if rows is None:
        rows = document[section] = []
    entry = {**body, "name": quoted(name)}
    for index, row in enumerate(rows):
        if str(row.get("name")) == name:
            rows[index] = entry
            return
    rows.append(entry)
