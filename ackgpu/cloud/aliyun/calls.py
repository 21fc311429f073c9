"""One product's calls: typed requests in, typed answers out, errors translated, retried."""

from __future__ import annotations

import logging
import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, partial
from operator import attrgetter
from typing import Any, TypeVar

from ackgpu.call_timeout import give_up_after
from ackgpu.cloud.aliyun import clients
from ackgpu.cloud.aliyun.clients import Clients
from ackgpu.cloud.aliyun.endpoints import Product
from ackgpu.cloud.aliyun.errors import missing, translate, warning_in
from ackgpu.cloud.aliyun.pages import by_number, by_token, chunks
from ackgpu.cloud.aliyun.retry import Retrier
from ackgpu.cloud.aliyun.rows import rows_at
from ackgpu.cloud.aliyun.sdk_warnings import silence
from ackgpu.cloud.aliyun.shared_reads import SharedReads
from ackgpu.errors import ResourceNotFound, Unauthenticated

T = TypeVar("T")
_log = logging.getLogger(__name__)
_TAGGED_A_CALL = 50
_LIMIT_SECONDS = 15.0
"""Real seconds for which the read of a limit is throttled before it is given up."""


class Calls:
    """Calls of ``product`` in ``region``. Actions are named as the API names them.

    A call's keywords are the fields of the SDK's request model, its positional arguments the parts
    of a ROA path. What is answered is the SDK's response body.
    """

    def __init__(
        self, product: Product, region: str, *, account: Clients, retrier: Retrier
    ) -> None:
        self.region = region
        self.product = product
        self._account = account
        self._retrier = retrier

    @property
    def shared(self) -> SharedReads | None:
        """The latest answers of the account, where they are kept."""
        return self._account.shared

    def is_served(self, action: str) -> bool:
        """Whether the product is not known to lack ``action``."""
        return action not in self._account.unserved

    def forget(self, action: str) -> None:
        """Remember, for all regions, that the product does not offer ``action``."""
        self._account.unserved.add(action)

    def read(self, action: str, *path: str, **fields: Any) -> Any:
        """The answer to a call that changes nothing."""
        return self._call(action, path, fields, idempotent=True)

    def read_limit(self, action: str, *path: str, **fields: Any) -> Any:
        """As :meth:`read`, of a limit: where it is throttled it is given up sooner.

        A documented figure stands in for what is not told, and is said to do so.
        """
        return self._with_credentials(
            lambda: self._call_once(action, path, fields, idempotent=True, within=_LIMIT_SECONDS)
        )

    def numbered(
        self,
        action: str,
        *path: str,
        rows: str,
        key: str,
        size: int,
        total: Callable[[Any], int | None] = attrgetter("total_count"),
        **fields: Any,
    ) -> list[Any]:
        """Every row of a list that is paged with PageNumber, ``size`` a page.

        ``rows``: where they are in an answer (``vpcs.vpc``). ``key``: the field that tells them
        apart.
        """

        def fetch(page: int) -> tuple[list[Any] | None, int | None]:
            body = self.read(action, *path, page_number=page, page_size=size, **fields)
            return rows_at(body, rows), total(body)

        return by_number(action, fetch, key=attrgetter(key))

    def tokened(self, action: str, *, rows: str, key: str, size: int, **fields: Any) -> list[Any]:
        """As :meth:`numbered`, of a list that is paged with NextToken."""

        def fetch(token: str | None) -> tuple[list[Any] | None, str | None]:
            body = self.read(action, max_results=size, next_token=token, **fields)
            return rows_at(body, rows), body.next_token

        # Rows of some lists (tags of resources) have no id of their own.
        return by_token(action, fetch, key=attrgetter(key) if key else id)

    def write(self, action: str, *path: str, idempotent: bool, **fields: Any) -> Any:
        """The answer to a call that changes something.

        ``idempotent``: a repeat does no harm, thanks to a client token or by the call's nature.
        """
        with self._writing():
            return self._call(action, path, fields, idempotent=idempotent)

    def remove(self, action: str, *path: str, **fields: Any) -> Any:
        """The answer to a delete, or None where there was nothing to delete."""
        try:
            with self._writing():
                return self._call(action, path, fields, idempotent=True)
        except ResourceNotFound:
            return None

    def send(self, action: str, method: str, pathname: str, body: Mapping[str, Any]) -> Any:
        """The answer to a ROA call whose ``body`` is sent as it is.

        A PUT sets absolute values, so that a repeat changes nothing; others may not be repeated.
        The SDK's models would add an empty array for every list that is not set, and ACK may take
        that for "remove them all" (UNCONFIRMED).
        """
        with self._writing():
            return self._with_credentials(lambda: self._send(action, method, pathname, body))

    def model(self, name: str, /, **fields: Any) -> Any:
        """An SDK model of that name."""
        return getattr(clients.models(self.product), name)(**fields)

    def tags(self, action: str, tags: Mapping[str, str] | None) -> list[Any] | None:
        """Tags as the request model of ``action`` takes them."""
        name = f"{action}RequestTag"
        return [
            self.model(name, key=key, value=value) for key, value in (tags or {}).items()
        ] or None

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """What is read from the request on, and after its answer, is read anew."""
        try:
            yield
        finally:
            if self.shared is not None:
                # Before the answer as well: a lost reply may have been carried out.
                self.shared.forget()

    def _call(
        self, action: str, path: tuple[str, ...], fields: Mapping[str, Any], *, idempotent: bool
    ) -> Any:
        return self._with_credentials(
            lambda: self._call_once(action, path, fields, idempotent=idempotent)
        )

    def _with_credentials(self, call: Callable[[], T]) -> T:
        """The call's result; made again where the credentials were refused and have been renewed.

        What the gateway refuses for its signature is not carried out. The error names what was
        refused: who has several sources cannot tell otherwise.
        """
        # Taken before the call: of several threads that are refused at once the first
        # renews, and the others see that the generation has moved and only try again.
        generation = self._account.generation
        try:
            return call()
        except Unauthenticated as refused:
            if not self._account.renew(generation):
                refused.details += (self._account.signer,)
                raise
        try:
            return call()
        except Unauthenticated as refused:
            refused.details += (self._account.signer,)
            raise

    def _call_once(
        self,
        action: str,
        path: tuple[str, ...],
        fields: Mapping[str, Any],
        *,
        idempotent: bool,
        within: float = math.inf,
    ) -> Any:
        client = self._account.client(self.product, self.region)
        arguments: list[Any] = [*path]
        if fields:
            arguments.append(self.model(f"{action}Request", **fields))
        # Container Service is a ROA API, whose SDK methods take headers; the RPC products' do not.
        if self.product == "CS":
            arguments.append({})  # headers
        method = getattr(client, _methods(client.__class__)[f"{action}WithOptions".lower()])
        call = partial(method, *arguments, _runtime())
        return self._run(action, call, idempotent=idempotent, within=within)

    def _send(self, action: str, method: str, pathname: str, body: Mapping[str, Any]) -> Any:
        from alibabacloud_tea_openapi.utils_models import OpenApiRequest, Params

        client = self._account.client(self.product, self.region)
        params = Params(
            action=action,
            # Of Container Service, the one ROA API here.
            version="2015-12-15",
            protocol="HTTPS",
            pathname=pathname,
            method=method,
            auth_type="AK",
            style="ROA",
            req_body_type="json",
            body_type="json",
        )
        request = OpenApiRequest(headers={}, body=dict(body))
        model = f"{action}Response"

        def call() -> Any:
            return self.model(model).from_map(client.call_api(params, request, _runtime()))

        return self._run(action, call, idempotent=method == "PUT")

    def _run(self, action: str, call: Any, *, idempotent: bool, within: float = math.inf) -> Any:
        def once() -> Any:
            failure: Exception | None = None
            handled = sys.exception()
            silence()
            try:
                answer = give_up_after(self._account.call_seconds, call)
            except Exception as error:  # noqa: BLE001 -- SDKs raise what they like
                failure = warning_in(error) or translate(action, error, handled)
            if failure is not None:  # raised here, where no context holds the signed request
                _log.debug("%s in %s: %s", action, self.region, failure)
                raise failure
            if not hasattr(answer, "body"):  # an operation that answers nothing
                return None
            if answer.body is None:
                raise missing(action, "a body")
            headers = answer.headers or {}
            _log.debug("%s in %s: %s", action, self.region, headers.get("x-acs-request-id", "done"))
            return answer.body

        return self._retrier.run(once, idempotent=idempotent, product=self.product, within=within)


class ProductApi:
    """What the adapters of VPC and ECS share."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._region = calls.region

    def tag(self, *, resource_type: str, ids: Sequence[str], tags: Mapping[str, str]) -> None:
        """Set tags on resources of a type, such as VPC or instance; up to 50 a call."""
        for some in filter(None, chunks(ids, _TAGGED_A_CALL)):
            self._calls.write(
                "TagResources",
                idempotent=True,
                region_id=self._region,
                resource_type=resource_type,
                resource_id=list(some),
                tag=self._calls.tags("TagResources", tags),
            )


def required(action: str, body: Any, field: str) -> str:
    """The id that an answer must carry; raises LostReply where it does not."""
    value = getattr(body, field, None)
    if not value:
        raise missing(action, field, getattr(body, "request_id", None))
    return str(value)


@cache
def _methods(client_class: type) -> Mapping[str, str]:
    """A client's methods by their letters: the SDKs part the words of an action variously."""
    return {name.replace("_", ""): name for name in dir(client_class)}


def _runtime() -> Any:
    from darabonba.runtime import RuntimeOptions

    return RuntimeOptions()
