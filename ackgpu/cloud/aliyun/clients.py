"""The SDKs' typed clients, made when they are first used and kept for the run.

Every SDK is imported here, inside functions, and only the one of the product asked for.
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from ackgpu import __version__
from ackgpu.cloud.aliyun.checked_keys import masked
from ackgpu.cloud.aliyun.credentials import CredentialSource
from ackgpu.cloud.aliyun.endpoints import SDKS, Endpoint, Endpoints, Product
from ackgpu.cloud.aliyun.errors import refuse_hidden_error, refuse_missing_list
from ackgpu.cloud.aliyun.sdk_warnings import silence
from ackgpu.cloud.aliyun.shared_reads import SharedReads

_CONNECT_TIMEOUT_MS = 4_000  # within the five seconds in which a first answer must begin
_READ_TIMEOUT_MS = 30_000  # the default of 10 s is short for CreateCluster
CALL_SECONDS = 40.0
"""Real seconds that a call may take: to connect, to wait for the first byte, and to read."""


@dataclass
class Clients:
    """The clients of one account, shared by its regions and safe to use from several threads.

    ``find_again`` looks for the credentials anew: a profile may have been renewed meanwhile.
    ``unserved``: actions that an endpoint was found not to know. ``shared``: the latest answers.
    """

    credentials: CredentialSource
    endpoints: Endpoints
    find_again: Callable[[], CredentialSource] | None = None
    call_seconds: float = CALL_SECONDS
    unserved: set[str] = field(default_factory=set, repr=False)
    shared: SharedReads | None = None
    _made: dict[tuple[str, str], Any] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _credential: Any = field(default=None, repr=False)
    _generation: int = field(default=0, repr=False)

    def client(self, product: Product, region: str) -> Any:
        """The product's client for ``region``."""
        with self._lock:
            key = (product, region)
            # Under the one lock: an SDK is imported here, and several threads that
            # import at once gain nothing under the interpreter's lock (ADR 0004).
            if key not in self._made:
                self._made[key] = self._make(product, region)
            return self._made[key]

    @property
    def generation(self) -> int:
        """How often the credentials were replaced."""
        return self._generation

    @property
    def signer(self) -> str:
        """Whose key signs, for people: the source, and the key id with its middle masked."""
        if self._credential is None:
            return f"The credentials come from {self.credentials.name}."
        key_id = str(self._credential.get_credential().access_key_id)
        return f"Signed with the access key {masked(key_id)}, from {self.credentials.name}."

    def renew(self, refused: int) -> bool:
        """Read the credentials again, where those of the generation ``refused`` are no longer good.

        Whether there are others to try with: what is as before is not worth another call.
        """
        with self._lock:
            # Another thread was refused with the same keys and has renewed them.
            if self._generation != refused:
                return True
            if self.find_again is None or self._credential is None:
                return False
            source = self.find_again()
            fresh = source.client()
            if _signature(fresh) == _signature(self._credential):
                return False
            self.credentials, self._credential = source, fresh
            # Clients hold the credential that they were made with.
            self._made.clear()
            self._generation += 1
            return True

    def close(self) -> None:
        """Close the connections of every client of the process."""
        if self._made:
            from ackgpu.cloud.aliyun import transport

            transport.close_sessions()

    def _make(self, product: Product, region: str) -> Any:
        client_class = _checked(load(product))
        if self._credential is None:
            self._credential = self.credentials.client()
        return client_class(configured(self._credential, region, self.endpoints.of(product)))


def _signature(credential: Any) -> tuple[str, str]:
    """What tells one set of keys from another."""
    keys = credential.get_credential()
    return str(keys.access_key_id), str(keys.security_token)


def load(product: Product) -> Any:
    """The product's client class, with its models lazy and the transport in place."""
    from ackgpu.cloud.aliyun import lazy_models, transport

    silence()
    sdk = SDKS[product]
    # Before the client's module is imported, which imports its models by name (ADR 0004).
    lazy_models.install(sdk)
    lazy_models.put_off_aiohttp()
    module = importlib.import_module(f"{sdk}.client")
    transport.install()
    return module.Client


def models(product: Product) -> Any:
    """The product's request and response models."""
    from ackgpu.cloud.aliyun import lazy_models

    return lazy_models.install(SDKS[product])


def configured(credential: Any, region: str, endpoint: Endpoint | None) -> Any:
    """A client's configuration; without ``endpoint`` the SDK's map by region holds."""
    from alibabacloud_tea_openapi.utils_models import Config

    config = Config(
        credential=credential,
        region_id=region,
        user_agent=f"ackgpu/{__version__}",
        connect_timeout=_CONNECT_TIMEOUT_MS,
        read_timeout=_READ_TIMEOUT_MS,
    )
    if endpoint is not None:
        config.endpoint = endpoint.host
        config.protocol = endpoint.protocol
    return config


@cache
def _checked(client_class: Any) -> Any:
    """The official client, with a look at every answer before it is taken for a success."""

    class CheckedClient(client_class):  # type: ignore[misc]
        def call_api(self, params: Any, request: Any, runtime: Any) -> Any:
            # Here, where the body is still as it came; the
            # models make an empty list of one that is missing.
            answer = super().call_api(params, request, runtime)
            refuse_hidden_error(str(params.action), answer)
            refuse_missing_list(str(params.action), answer)
            return answer

    return CheckedClient
