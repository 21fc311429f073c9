"""What an operation of an emulated product is, and what its handler gets.

A product is a package, whose ``PRODUCT`` is its :class:`Product`; each of its modules may hold
handlers, registered with :meth:`Product.operation`. A handler takes a :class:`Call` and returns the
JSON body without its request id, or None for no more than that; it raises
:class:`~ackgpu.emulator.errors.ApiError` to refuse. It runs inside one transaction and must not
keep anything outside of it.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from ackgpu.emulator.doubts import reading
from ackgpu.emulator.errors import ApiError, invalid, missing
from ackgpu.emulator.shared.cursor import Place, birth, first_after, token_after
from ackgpu.emulator.shared.lifecycle import state_at
from ackgpu.emulator.store import Doc, Rows, Transaction
from ackgpu.emulator.timeline import Timeline

Handler = Callable[["Call"], Any]


@dataclass(frozen=True)
class ApiOperation:
    """An action of a product. ``path`` is the template of a ROA operation, empty for RPC.

    ``request_id_key`` is how the answer spells the request id; empty where it carries none.
    ``idempotent_by_token``: a repeat with the same client token gets the first answer.
    ``doubt``: the doubt under whose reading ``withdrawn`` the service does not know the operation.
    """

    product: str
    name: str
    handler: Handler
    writes: bool
    method: str = "POST"
    path: str = ""
    request_id_key: str = "RequestId"
    idempotent_by_token: bool = True
    doubt: str = ""

    def is_known(self, settings: Mapping[str, Any]) -> bool:
        """Whether the service has the operation at all, as the scenario reads the doubts."""
        return not self.doubt or reading(settings, self.doubt) != "withdrawn"


@dataclass
class Product:
    """A cloud product: its code, API version and operations.

    ``error_style``: ``rpc`` answers ``{RequestId, HostId, Code, Message, Recommend}``, ``cs`` the
    lower-case form of Container Service. ``ram_prefix`` is the product's name in RAM actions.
    """

    code: str
    version: str
    ram_prefix: str
    style: Literal["rpc", "roa"] = "rpc"
    error_style: Literal["rpc", "cs"] = "rpc"
    operations: dict[str, ApiOperation] = field(default_factory=dict)

    def operation(  # noqa: PLR0913 -- a declaration: every part is named where it is used
        self,
        name: str,
        route: str = "",
        *,
        writes: bool | None = None,
        request_id_key: str | None = None,
        idempotent_by_token: bool = True,
        doubt: str = "",
    ) -> Callable[[Handler], Handler]:
        """Register the decorated function as the handler of operation ``name``.

        ``route``: the method and path of a ROA operation (``GET /clusters/{cluster_id}``), which
        writes unless it is a GET, and then answers with a ``request_id``, unless told otherwise.
        """
        method, _, path = route.rpartition(" ")
        changes = writes if writes is not None else bool(path) and method != "GET"
        if request_id_key is None:
            request_id_key = "RequestId" if not path else "request_id" if changes else ""

        rest = (method or "POST", path, request_id_key, idempotent_by_token, doubt)

        def register(handler: Handler) -> Handler:
            self.operations[name] = ApiOperation(self.code, name, handler, changes, *rest)
            return handler

        return register


class Params(Mapping[str, str]):
    """Request parameters as text, by their exact wire names."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = dict(values)

    def __getitem__(self, name: str) -> str:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def text(self, name: str, default: str = "") -> str:
        """The value, or ``default`` where it is absent or empty."""
        return self._values.get(name) or default

    def fit(self, **shown: str) -> bool:
        """Whether each of the parameters named is absent, empty, or what is shown."""
        return all(self.text(name, value) == value for name, value in shown.items())

    def one(self, name: str) -> list[str]:
        """The value as the only element of a list, which is empty where there is none."""
        return [self._values[name]] if self._values.get(name) else []

    def required(self, name: str) -> str:
        """The value; refuses with MissingParameter where it is absent or empty."""
        value = self._values.get(name)
        if not value:
            raise missing(name)
        return value

    def integer(self, name: str, default: int, *, low: int = 0, high: int | None = None) -> int:
        """The value as an integer within ``low`` and ``high``, else InvalidParameter."""
        text = self._values.get(name)
        if not text:
            return default
        try:
            number = int(text)
        except ValueError:
            raise invalid(name) from None
        if number < low or (high is not None and number > high):
            raise invalid(name)
        return number

    def boolean(self, name: str, *, default: bool = False) -> bool:
        """The value as a boolean: ``true``, ``True``, ``false``, ``False`` are all sent."""
        text = self._values.get(name, "").lower()
        if not text:
            return default
        if text not in {"true", "false"}:
            raise invalid(name)
        return text == "true"

    def listed(self, name: str) -> list[str]:
        """A flattened list: ``Name.1``, ``Name.2``, …; a bare ``Name`` is taken as one element."""
        found: list[tuple[int, str]] = []
        for key, value in self._values.items():
            head, _, tail = key.rpartition(".")
            if head == name and tail.isdecimal():
                found.append((int(tail), value))
        # Old clients send a list of one without its number.
        if not found and self._values.get(name):
            return [self._values[name]]
        return [value for _, value in sorted(found)]

    def objects(self, name: str) -> list[dict[str, str]]:
        """A flattened list of objects: ``Tag.1.Key`` becomes ``[{"Key": …}]``."""
        rows: dict[int, dict[str, str]] = {}
        prefix = f"{name}."
        for key, value in self._values.items():
            number, dot, attribute = key.removeprefix(prefix).partition(".")
            if key.startswith(prefix) and number.isdecimal() and dot:
                rows.setdefault(int(number), {})[attribute] = value
        return [rows[number] for number in sorted(rows)]

    def tags(self, name: str = "Tag") -> dict[str, str]:
        """Tags given as ``Tag.N.Key``/``Tag.N.Value`` (``key``/``value`` in old clients)."""
        rows = self.objects(name)
        return {
            row.get("Key") or row.get("key", ""): row.get("Value") or row.get("value", "")
            for row in rows
            if row.get("Key") or row.get("key")
        }

    def json_rows(self, name: str) -> list[Any] | None:
        """A parameter that holds JSON text of a list, else None where it is absent."""
        text = self._values.get(name)
        if not text:
            return None
        try:
            value = json.loads(text)
        except ValueError:
            raise invalid(name) from None
        if not isinstance(value, list):
            raise invalid(name)
        return value

    def json_list(self, name: str) -> list[str] | None:
        """The same, each item as text."""
        rows = self.json_rows(name)
        return None if rows is None else [str(item) for item in rows]

    def comma_list(self, name: str) -> list[str]:
        """A comma-separated parameter, empty where it is absent."""
        return [item for item in self._values.get(name, "").split(",") if item]


@dataclass(frozen=True)
class Caller:
    """Whose key signed the request. ``kind``: Account, RAMUser, AssumedRoleUser."""

    access_key_id: str
    account_id: str
    kind: str
    name: str
    arn: str


@dataclass
class Call:
    """One request, as a handler sees it.

    ``params`` holds an RPC operation's parameters, or a ROA operation's query; ``path`` a ROA
    path's parts; ``body`` its parsed JSON body (None where there is none). ``region`` is what the
    request is about, empty where a ROA request does not say. ``now`` is the emulated timeline's.
    """

    operation: ApiOperation
    params: Params
    docs: Transaction
    timeline: Timeline
    now: float
    rng: random.Random
    caller: Caller
    request_id: str
    region: str = ""
    path: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    kube_endpoint: str = ""

    def new_id(self, prefix: str, length: int = 22) -> str:
        """A fresh id such as ``vpc-bp1…``: lower-case letters and digits from the seeded source."""
        alphabet = "0123456789abcdefghijklmnopqrstuvwxyz"
        return prefix + "".join(self.rng.choices(alphabet, k=length))

    def new_hex(self, length: int) -> str:
        """``length`` hex digits from the seeded source."""
        return "".join(self.rng.choices("0123456789abcdef", k=length))

    def alive(self, kind: str, doc_id: str) -> Doc | None:
        """The document if it exists now (and lies in the call's region, where it has one)."""
        doc = self.docs.get(kind, doc_id)
        if doc is None or not doc.alive(self.now):
            return None
        if self.region and doc.region and doc.region != self.region:
            return None
        return doc

    def all(
        self,
        kind: str,
        *,
        scope: str | None = None,
        region: str | None = None,
        ids: Sequence[str] = (),
    ) -> list[Doc]:
        """Every document of a kind that exists now, in the call's region unless told otherwise.

        An empty ``scope`` and empty ``ids`` mean any.
        """
        where = self.region if region is None else region
        return self.docs.find(kind, at=self.now, scope=scope or None, region=where or None, ids=ids)

    def rows(self, kind: str, *, scope: str = "", ids: Sequence[str] = ()) -> Rows:
        """The same for long lists: read only as far as they are looked at."""
        return self.docs.rows(
            kind, at=self.now, scope=scope or None, region=self.region or None, ids=ids
        )

    def state(self, doc: Doc) -> str:
        """The state of a document now, by its phases."""
        return state_at(doc.body["phases"], self.now)

    def doubt(self, name: str) -> str:
        """Which reading of a doubt holds (:mod:`ackgpu.emulator.doubts`)."""
        return reading(self.settings, name)

    def end_dry_run(self) -> None:
        """Call it last: raises DryRunOperation where DryRun is true, which undoes what was written.

        That it is an error is in the ECS API reference; its status is UNCONFIRMED.
        """
        if self.params.boolean("DryRun"):
            message = "Request validation has been passed with DryRun flag set."
            raise ApiError("DryRunOperation", message)

    def instant(self, seconds: float) -> datetime:
        """The instant at which the timeline shows ``seconds``."""
        return self.timeline.instant(seconds)


def page_of(call: Call, rows: Sequence[Any], *, most: int = 50) -> tuple[list[Any], dict[str, int]]:
    """One page by PageNumber and PageSize, and the three numbers that go with it."""
    size = call.params.integer("PageSize", 10, low=1, high=most)
    number = call.params.integer("PageNumber", 1, low=1)
    page = list(rows[(number - 1) * size : number * size])
    return page, {"PageNumber": number, "PageSize": size, "TotalCount": len(rows)}


def token_page(  # noqa: PLR0913 -- how an operation pages, by name
    call: Call,
    rows: Sequence[Any],
    *,
    default: int = 10,
    most: int = 100,
    size_key: str = "MaxResults",
    place: Callable[[Any], Place] = birth,
) -> tuple[list[Any], str]:
    """One page by NextToken, and the next token: empty at the end. ``rows`` are in their order."""
    size = call.params.integer(size_key, default, low=1, high=most)
    start = first_after(rows, call.params.text("NextToken"), place)
    page = list(rows[start : start + size])
    return page, token_after(page, place) if start + size < len(rows) else ""
