"""A request to the Kubernetes API as handlers see it: what it addresses, and how it is asked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ackgpu.emulator.kube.access import Identity
from ackgpu.emulator.kube.protobuf import decode
from ackgpu.emulator.kube.resources import Resource, by_path
from ackgpu.emulator.kube.status import KubeError, bad_request, no_such_path

PROTOBUF = "application/vnd.kubernetes.protobuf"
VERBS = {"GET": "get", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


@dataclass(frozen=True)
class Target:
    """What a path addresses. ``name`` is empty for a collection, ``namespace`` for all of them."""

    resource: Resource
    namespace: str = ""
    name: str = ""
    subresource: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """Namespace and name of the object."""
        return self.namespace, self.name


@dataclass(frozen=True)
class KubeRequest:
    """One request. ``headers`` are lower-case; ``warnings`` go back with the answer."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    identity: Identity
    target: Target
    warnings: list[str] = field(default_factory=list)

    @property
    def verb(self) -> str:
        """The API verb, as RBAC names it."""
        verb = VERBS.get(self.method, self.method.lower())
        if self.target.name or verb not in {"get", "delete"}:
            return verb
        if verb == "delete":
            return "deletecollection"
        return "watch" if self.flag("watch") else "list"

    def flag(self, name: str) -> bool:
        """A boolean query parameter."""
        return self.query.get(name, "").lower() in {"true", "1"}

    @property
    def dry_run(self) -> bool:
        """Whether everything is to be done but the storing."""
        value = self.query.get("dryRun", "")
        if value not in {"", "All"}:
            raise bad_request(f'Invalid value: "{value}": supported values: "All"')
        return bool(value)

    @property
    def manager(self) -> str:
        """The field manager: given, or the first part of the client's name."""
        given = self.query.get("fieldManager", "")
        return given or self.headers.get("user-agent", "unknown").partition("/")[0]

    @property
    def content_type(self) -> str:
        """The body's media type."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def wants(self, form: str) -> bool:
        """Whether the client prefers a transformed answer: ``Table``, ``PartialObjectMetadata``."""
        return f"as={form};" in self.headers.get("accept", "").replace(" ", "") + ";"

    def parsed(self) -> Any:
        """The body as JSON values, from JSON, YAML or protobuf; None where there is none."""
        if not self.body:
            return None
        if self.content_type == PROTOBUF:
            return decode(self.body)
        try:
            return json.loads(self.body)
        except ValueError:
            if "yaml" not in self.content_type:
                raise bad_request("the request body is no valid JSON") from None
        return _yaml(self.body)


def _yaml(body: bytes) -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        return YAML(typ="safe").load(body)
    except YAMLError as error:
        raise bad_request(f"error converting YAML to JSON: {error}") from None


def parse_path(path: str) -> Target:
    """What a resource path addresses; refuses with 404 what is not served."""
    parts = [part for part in path.split("/") if part]
    if parts[:1] == ["api"]:
        group, rest = "", parts[1:]
    elif parts[:1] == ["apis"] and len(parts) > 1:
        group, rest = parts[1], parts[2:]
    else:
        raise no_such_path()
    if not rest[1:]:
        raise no_such_path()
    return _in_version(group, rest[0], rest[1:])


def _in_version(group: str, version: str, parts: list[str]) -> Target:
    namespace = ""
    if parts[0] == "namespaces" and parts[2:] and parts[2] not in {"status", "finalize"}:
        namespace, parts = parts[1], parts[2:]
    resource = by_path(group, version, parts[0])
    if resource is None or parts[3:] or (namespace and not resource.namespaced):
        raise no_such_path()
    name, subresource = [*parts[1:], "", ""][:2]
    if subresource and subresource not in resource.subresources:
        raise no_such_path()
    if name and resource.namespaced and not namespace:
        raise no_such_path()
    return Target(resource, namespace, name, subresource)


def unsupported(content_type: str) -> KubeError:
    """The body's media type is not taken here."""
    message = (
        "the body of the request was in an unknown format - accepted media types include:"
        f" application/json, application/yaml, {PROTOBUF}; got {content_type}"
    )
    return KubeError(415, "UnsupportedMediaType", message)
