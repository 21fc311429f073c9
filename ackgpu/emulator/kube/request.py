"""A request to the Kubernetes API as handlers see it: what it addresses, and how it is asked."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ackgpu.emulator.kube.access import KubeUser
from ackgpu.emulator.kube.protobuf import decode
from ackgpu.emulator.kube.resources import RESOURCES, ApiResource
from ackgpu.emulator.kube.status import KubeError, NoSuchPathError, bad_request

PROTOBUF = "application/vnd.kubernetes.protobuf"
OPTIONS = frozenset({("DELETE", ""), ("POST", "eviction")})
"""Requests whose body says whether they are a dry run."""
VERBS = {"GET": "get", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


@dataclass(frozen=True)
class RequestTarget:
    """What a path addresses. ``name`` is empty for a collection, ``namespace`` for all of them."""

    resource: ApiResource
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
    identity: KubeUser
    target: RequestTarget
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
        # kubectl sends a dry run of these in the body, and of all others in the query.
        if not value and self.body and (self.method, self.target.subresource) in OPTIONS:
            options = self.parsed()
            options = options.get("deleteOptions", options) if isinstance(options, dict) else {}
            value = ",".join(options.get("dryRun") or ())
        if value not in {"", "All"}:
            raise bad_request(f'Invalid value: "{value}": supported values: "All"')
        return bool(value)

    @property
    def manager(self) -> str:
        """The field manager: given, or the first part of the client's name."""
        given = self.query.get("fieldManager", "")
        # As the API server names a manager that gave no name (Kubernetes, "Server-Side Apply").
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


def as_yaml(body: Any) -> bytes:
    """The body as YAML, keys in order, as the API server writes it."""
    import io

    from ruamel.yaml import YAML

    out, yaml = io.BytesIO(), YAML(typ="safe", pure=True)
    yaml.default_flow_style, yaml.sort_base_mapping_type_on_output = False, True  # type: ignore[assignment]
    yaml.dump(body, out)
    return out.getvalue()


def require_known_form(request: KubeRequest) -> None:
    """Refuse with 406 a client that takes nothing that is written here: not JSON and not YAML."""
    accepted = request.headers.get("accept", "") or "*/*"
    if not any(form in accepted for form in ("json", "yaml", "*/*", "application/*")):
        text = "only the following media types are accepted: application/json, application/yaml"
        raise KubeError(406, "NotAcceptable", text)


def parse_path(path: str, resources: Sequence[ApiResource] = RESOURCES) -> RequestTarget:
    """What a resource path addresses; refuses with 404 what is not served."""
    parts = [part for part in path.split("/") if part]
    if parts[:1] == ["api"]:
        group, rest = "", parts[1:]
    elif parts[:1] == ["apis"] and len(parts) > 1:
        group, rest = parts[1], parts[2:]
    else:
        raise NoSuchPathError
    if not rest[1:]:
        raise NoSuchPathError
    return _in_version(resources, (group, rest[0]), rest[1:])


def _in_version(
    resources: Sequence[ApiResource], version: tuple[str, str], parts: list[str]
) -> RequestTarget:
    namespace = ""
    # /namespaces/{name}/status is a part of the namespace itself, not a resource in it.
    if parts[0] == "namespaces" and parts[2:] and parts[2] not in {"status", "finalize"}:
        namespace, parts = parts[1], parts[2:]
    wanted = (*version, parts[0])
    resource = next((r for r in resources if (r.group, r.version, r.plural) == wanted), None)
    if resource is None or parts[3:] or (namespace and not resource.namespaced):
        raise NoSuchPathError
    name, subresource = [*parts[1:], "", ""][:2]
    if subresource and subresource not in resource.subresources:
        raise NoSuchPathError
    if name and resource.namespaced and not namespace:
        raise NoSuchPathError
    return RequestTarget(resource, namespace, name, subresource)


def unsupported(content_type: str) -> KubeError:
    """The body's media type is not taken here."""
    message = (
        "the body of the request was in an unknown format - accepted media types include:"
        f" application/json, application/yaml, {PROTOBUF}; got {content_type}"
    )
    return KubeError(415, "UnsupportedMediaType", message)
