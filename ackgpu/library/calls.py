"""How the library carries a use case out, and what it hands over."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, Self, TypeVar

from ackgpu.cancel import CancelToken
from ackgpu.errors import UsageError
from ackgpu.library.operation import Operation, hooks

if TYPE_CHECKING:
    from ackgpu.emulator import Emulator
    from ackgpu.engine.events import Listener
    from ackgpu.engine.step import Resource
    from ackgpu.library.embedded import About
    from ackgpu.render.results import Result
    from ackgpu.session import Session

Options = TypeVar("Options")
R = TypeVar("R")
P = ParamSpec("P")


@dataclass(frozen=True)
class Answer(Generic[R]):
    """What a method did or found.

    ``record`` is the method's own; ``warnings`` are sentences for people; ``resources`` what was
    made, found or left, with its state and whether it is billed; ``durations`` maps what took time
    (a step, ``total``) to cloud seconds: real ones, but for an emulator that runs fast.
    """

    record: R
    warnings: tuple[str, ...] = ()
    resources: tuple[Resource, ...] = ()
    durations: Mapping[str, float] = field(default_factory=dict)


class AccountCalls:
    """An account in one region, and how calls are made on it. Safe in threads.

    ``profile``, ``region``: as the flags of the command line; None is what the environment, then
    ``~/.aliyun/config.json`` says. ``emulator``: True for the embedded emulated account, whose
    state is kept in the state directory, or a running :class:`ackgpu.emulator.Emulator`. ``env``
    stands in for ``os.environ``, which is read once. ``progress`` is called with each event
    (docs/events.md) of calls that take long, in the thread that makes the call; ``cancel`` asks
    every call to stop where it is safe.
    """

    def __init__(  # noqa: PLR0913 -- keyword-only, each named where it is given
        self,
        *,
        profile: str | None = None,
        region: str | None = None,
        emulator: bool | Emulator = False,
        env: Mapping[str, str] | None = None,
        progress: Listener | None = None,
        cancel: CancelToken | None = None,
    ) -> None:
        self._profile = profile
        self._region = region
        self._env = dict(os.environ if env is None else env)
        self._progress = progress
        self.cancel = cancel or CancelToken()
        self._closed = CancelToken()
        self._closing = ExitStack()
        if emulator is not False:
            self._emulate(None if emulator is True else emulator)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop the calls under way where it is safe, and end the emulator that this client started.

        Harmless when repeated. A later call raises UsageError.
        """
        self._closed.request()
        self._closing.close()

    @property
    def env(self) -> Mapping[str, str]:
        """The variables that lead another program to the same cloud; keys may be among them."""
        return dict(self._env)

    def start(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> Operation[R]:
        """Begin a call of this client in a thread of its own: ``start(cloud.create, spec)``.

        Iterate over what is returned for the call's events; ``result()`` returns or raises what
        the call does, ``cancel()`` asks it to stop.
        """
        return Operation(lambda: call(*args, **kwargs))

    def _emulate(self, emulator: Emulator | None) -> None:
        from ackgpu.emulated_account import leading_to, open_account
        from ackgpu.settings import Flags, Settings

        if emulator is None:
            opened = open_account(Settings.resolve(Flags(), self._env).state_dir, self._closing)
            self._env = leading_to(self._env, opened.env)
        else:
            self._env = leading_to(self._env, emulator.env)

    def _hosted(self, title: str, about: About = None) -> AbstractContextManager[Session]:
        from ackgpu.app import Parts
        from ackgpu.library.embedded import Handed, hosted
        from ackgpu.settings import Flags

        if self._closed.requested:
            raise UsageError("This client is closed.", resolution="Make another one.")
        listen, stop = hooks(self._progress)
        cancels = tuple(t for t in (self.cancel, self._closed, stop) if t is not None)
        # A form that ACKGPU_OUTPUT names would decide what is read: names alone need no prices.
        flags = Flags(
            region=self._region, profile=self._profile, output="table", quiet=True, no_input=True
        )
        parts = Parts(display=Handed(listen), cancels=cancels)
        return hosted(title, about, env=self._env, flags=flags, parts=parts)

    def _answer(
        self,
        title: str,
        use_case: Callable[[Options, Session], Result],
        options: Options,
        about: About = None,
    ) -> Answer[Any]:
        """Carry a use case out and hand its record over.

        ``about``: what the options are about, if they do not say so themselves. An error that comes
        with a record (a verification that failed) is raised with the whole answer as its
        ``answer``.
        """
        told = options if isinstance(options, str) else getattr(options, "name", None)
        with self._hosted(title, about or getattr(options, "wants", told)) as session:
            result = use_case(options, session)
            answer = Answer(result.part, result.warnings, result.resources, result.durations)
            if result.error is not None:
                result.error.answer = answer
                raise result.error
            return answer
