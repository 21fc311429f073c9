"""Calls of an account, named before there is an account to make them in.

What a check reads is said in these, so that the policy of a command is made of the same facts as
its reads, without an account.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

from ackgpu.cloud.api import Cloud

P = ParamSpec("P")
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

_PROTOCOLS: Mapping[str, str] = {
    name: found.fget.__annotations__["return"]
    for name, found in vars(Cloud).items()
    if isinstance(found, property)
}
"""The protocol of each product of a :class:`~ackgpu.cloud.api.Cloud`."""


@dataclass(frozen=True)
class CloudCall(Generic[T_co]):
    """A read of an account. ``names``: the calls that it makes, such as ``network.vpcs``.

    ``region``: where, if not in the region of the account that it is made in.
    """

    names: tuple[str, ...]
    make: Callable[[Cloud], T_co]
    region: str = ""

    def in_account(self, cloud: Cloud) -> Callable[[], T_co]:
        """The call, ready to be made."""
        return partial(self.make, cloud.in_region(self.region) if self.region else cloud)


def call(
    method: Callable[Concatenate[Any, P], T], *args: P.args, **kwargs: P.kwargs
) -> CloudCall[T]:
    """One call of a protocol's method: ``call(NetworkApi.vpcs, ids=[vpc_id])``."""
    product, _, name = name_of(method).partition(".")

    def make(cloud: Cloud) -> T:
        found: T = getattr(getattr(cloud, product), name)(*args, **kwargs)
        return found

    return CloudCall((name_of(method),), make)


def name_of(method: Callable[..., Any]) -> str:
    """The name of a protocol's method as a call of an account: ``network.vpcs``."""
    protocol, _, name = method.__qualname__.partition(".")
    (product,) = (found for found, called in _PROTOCOLS.items() if called == protocol)
    return f"{product}.{name}"
