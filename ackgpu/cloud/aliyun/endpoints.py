"""Where each product's API is reached.

In order: ``ACKGPU_ENDPOINT_<PRODUCT>``, ``ACKGPU_ENDPOINT_URL``, the rules below for products
whose SDK map is wrong or incomplete, the SDK's own map.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from ackgpu.errors import UsageError

Product = Literal["CS", "ECS", "VPC", "SLB", "NLB", "ALB", "QUOTAS", "STS", "BSS", "ESS"]
SDKS: Mapping[Product, str] = {
    "CS": "alibabacloud_cs20151215",
    "ECS": "alibabacloud_ecs20140526",
    "VPC": "alibabacloud_vpc20160428",
    "SLB": "alibabacloud_slb20140515",
    "NLB": "alibabacloud_nlb20220430",
    "ALB": "alibabacloud_alb20200616",
    "QUOTAS": "alibabacloud_quotas20200510",
    "STS": "alibabacloud_sts20150401",
    "BSS": "alibabacloud_bssopenapi20171214",
    "ESS": "alibabacloud_ess20220222",
}
"""The products that ackgpu calls, each with the package of its SDK."""
PRODUCTS = tuple(SDKS)

_CENTRAL: Mapping[Product, str] = {"QUOTAS": "quotas.aliyuncs.com"}
"""Products with one endpoint for all regions."""


@dataclass(frozen=True)
class Endpoint:
    """``host`` with its port where the URL named one, and ``protocol`` HTTP or HTTPS."""

    host: str
    protocol: str = "HTTPS"

    @property
    def loopback(self) -> bool:
        """Whether it is on this machine."""
        return is_loopback(f"{self.protocol}://{self.host}")


@dataclass(frozen=True)
class Endpoints:
    """The endpoints that were requested; ``default`` serves every product not in ``named``."""

    named: Mapping[Product, Endpoint] = field(default_factory=dict)
    default: Endpoint | None = None

    @classmethod
    def from_environment(cls, env: Mapping[str, str]) -> Endpoints:
        """The endpoints of ``ACKGPU_ENDPOINT_*``.

        Raises UsageError on a malformed URL, and where some are on loopback and others are not.
        """
        named: dict[Product, Endpoint] = {
            product: parse(f"ACKGPU_ENDPOINT_{product}", env[f"ACKGPU_ENDPOINT_{product}"])
            for product in PRODUCTS
            if env.get(f"ACKGPU_ENDPOINT_{product}")
        }
        url = env.get("ACKGPU_ENDPOINT_URL")
        found = cls(named, parse("ACKGPU_ENDPOINT_URL", url) if url else None)
        found.refuse_mixture()
        return found

    @classmethod
    def at(cls, url: str) -> Endpoints:
        """Every product at ``url``: an emulator."""
        return cls(default=parse("the endpoint", url))

    def of(self, product: Product) -> Endpoint | None:
        """The product's endpoint, or None where the SDK's map by region holds."""
        asked = self.named.get(product) or self.default
        if asked is not None or product not in _CENTRAL:
            return asked
        return Endpoint(_CENTRAL[product])

    def refuse_mixture(self) -> None:
        """Raise UsageError where one product is on loopback and another would leave it.

        Half of what a command does would then be made for real, with an emulator's answers.
        """
        # Of every product, also those that this command does not call: the next one may.
        near = {product for product in PRODUCTS if (at := self.of(product)) and at.loopback}
        far = [product for product in PRODUCTS if product not in near]
        if near and far:
            raise UsageError(
                f"An endpoint is on loopback, and {', '.join(far)} would be asked elsewhere.",
                resolution="Set ACKGPU_ENDPOINT_URL, which serves every product: with one endpoint"
                " on loopback nothing leaves this machine.",
            )

    @property
    def emulated(self) -> bool:
        """Whether every product that ackgpu calls is reached on loopback."""
        return all((found := self.of(product)) and found.loopback for product in PRODUCTS)


def parse(source: str, url: str) -> Endpoint:
    """The endpoint that ``url`` names; raises UsageError naming ``source`` where it names none."""
    wrong = UsageError(
        f"{source} cannot be used: {url!r} is not an http:// or https:// URL without a path.",
        resolution="Give only scheme, host and port, such as http://127.0.0.1:8080.",
    )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise wrong from None
    extra = parts.path.strip("/") or parts.query or parts.fragment or parts.username
    if parts.scheme.lower() not in {"http", "https"} or not parts.hostname or extra:
        raise wrong
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return Endpoint(f"{host}:{port}" if port else host, parts.scheme.upper())


def is_loopback(url: str) -> bool:
    """Whether ``url`` (scheme and host) names this machine."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
