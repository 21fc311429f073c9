"""Every error that ackgpu raises on purpose, and the exit code each one means.

::

    AckGpuError                    1  (never raised bare)
    ├─ UsageError                  2  a flag, an argument, a prompt that cannot be asked
    │  └─ SpecError                2  the spec, with every finding at its file:line:key
    ├─ LocalError                  2  this machine: a file that cannot be written, a full disk
    ├─ PreflightFailed             3  quota, role, permission, CIDR…: nothing was created
    ├─ CredentialsError            4  missing, expired or denied
    ├─ NoSuchCluster               5
    ├─ ConflictError               6  not ours, another spec, deletion protection
    │  └─ Overtaken                6  another create of the same name was first
    ├─ TimedOut                    7  still progressing: run it again
    ├─ NoCapacity                  8  no stock in any (type, zone) allowed
    ├─ VerificationFailed          9  the cluster is up, its GPUs are not usable
    ├─ LeftoversError             10  an incomplete teardown, each with its id
    ├─ OverBudget                 13  over the limit of an hour's price
    ├─ Interrupted       129/130/143  SIGHUP, SIGINT or SIGTERM, after a safe stop
    └─ CloudError                 11  the cloud rejected or failed the operation for good
       ├─ AccessDenied             4  RAM refuses the action
       ├─ Unauthenticated          4  the gateway refuses the key, token or signature
       ├─ OutOfStock               8
       ├─ QuotaExceeded           11
       ├─ ResourceNotFound        11
       ├─ AlreadyExists            6
       ├─ DeletionProtected        6
       ├─ TaskFailed              11  an ACK task failed, and gave no code that says more
       ├─ NotYet                  11  busy or still in use: the engine asks again later
       └─ Transient               11  may pass: retried by the adapter
          ├─ Throttled                refused: the call was not carried out
          ├─ Unreachable          14  no connection: the call was never sent
          └─ LostReply                no usable answer: the call may have been carried out
             ├─ Unavailable           503: the service, or a gateway before it, gives none now
             └─ NoAnswer          14  the connection broke, or a proxy answered in its place
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeGuard

if TYPE_CHECKING:
    from ackgpu.engine.aftermath import Aftermath
    from ackgpu.library.calls import Answer


class AckGpuError(Exception):
    """What happened, why, and what to do about it.

    ``message`` is "{what happened}: {why}", one line. ``resolution`` is what to do next.
    ``details`` are further lines, such as each finding or each (type, zone) tried. ``aftermath``:
    what stands when it ends a command that makes or removes things. ``answer``: what a method of
    :class:`ackgpu.Ackgpu` found all the same, such as the checks of which one failed.
    """

    exit_code: ClassVar[int] = 1
    code: ClassVar[str] = "Error"

    def __init__(
        self, message: str, *, resolution: str | None = None, details: Sequence[str] = ()
    ) -> None:
        super().__init__(message)
        self.message = message
        self.resolution = resolution
        self.details = tuple(details)
        self.aftermath: Aftermath | None = None
        self.answer: Answer[Any] | None = None

    @property
    def exits_with(self) -> int:
        """The exit code of the process when this error ends it."""
        return self.exit_code

    @property
    def error_code(self) -> str:
        """The stable word for scripts: ours, or the cloud's own code where there is one."""
        return self.code

    @property
    def request_id(self) -> str | None:
        """The cloud's id of the refused request, where there is one."""
        return None


class UsageError(AckGpuError):
    """The command cannot be carried out as it was given."""

    exit_code = 2
    code = "Usage"


_MAX_PART = 400
"""Characters of a part of a finding."""


@dataclass(frozen=True)
class SpecFinding:
    """One thing wrong with a spec: where, and what."""

    where: str
    key: str
    message: str

    def __str__(self) -> str:
        """``file:line:column: key: message``; a value that a message quotes may have any length."""
        parts = (self.where, self.key, self.message)
        return ": ".join(_clipped(part) for part in parts if part)


def _clipped(text: str) -> str:
    return text if len(text) <= _MAX_PART else f"{text[:_MAX_PART]}…"


class SpecError(UsageError):
    """The spec is wrong; ``findings`` holds everything that is wrong with it."""

    code = "InvalidSpec"

    def __init__(self, findings: Sequence[SpecFinding]) -> None:
        noun = "thing is" if len(findings) == 1 else "things are"
        super().__init__(
            f"The spec cannot be used: {len(findings)} {noun} wrong with it.",
            details=[str(finding) for finding in findings],
        )
        self.findings = tuple(findings)


class LocalError(AckGpuError):
    """This machine is at fault: a file cannot be read or written, a disk is full."""

    exit_code = 2
    code = "Local"


class PreflightFailed(AckGpuError):
    """A check before creation failed, and nothing was created."""

    exit_code = 3
    code = "PreflightFailed"


class CredentialsError(AckGpuError):
    """Credentials are missing, expired or malformed."""

    exit_code = 4
    code = "Credentials"


class NoSuchCluster(AckGpuError):
    """No cluster of that name is ours in that region, or the cluster has no such part.

    ``region``: where the cluster itself was looked for; empty if it is a part that is missing.
    """

    exit_code = 5
    code = "NotFound"
    region = ""


class ConflictError(AckGpuError):
    """The name is taken by something else, or a protection forbids the change."""

    exit_code = 6
    code = "Conflict"


class Overtaken(ConflictError):
    """Another run began to make the same cluster before this one, and goes on."""

    code = "Overtaken"


class TimedOut(AckGpuError):
    """The deadline passed while the cloud was still progressing."""

    exit_code = 7
    code = "TimedOut"


class NoCapacity(AckGpuError):
    """No (type, zone) that the spec allows has stock; ``details`` lists what was tried.

    ``pools``: those that got no node; empty if nothing was asked for yet.
    """

    exit_code = 8
    code = "NoCapacity"
    pools: tuple[str, ...] = ()


class VerificationFailed(AckGpuError):
    """The cluster is up and its GPUs are not usable."""

    exit_code = 9
    code = "VerificationFailed"


class LeftoversError(AckGpuError):
    """A teardown could not remove everything; ``details`` lists what is left, with its ids."""

    exit_code = 10
    code = "Leftovers"


class OverBudget(AckGpuError):
    """The plan costs more an hour than the limit allows."""

    exit_code = 13
    code = "OverBudget"


class Interrupted(AckGpuError):
    """A signal asked to stop, and everything stopped at a safe point."""

    code = "Interrupted"

    def __init__(self, message: str, *, signal_number: int, resolution: str | None = None) -> None:
        super().__init__(message, resolution=resolution)
        self.signal_number = signal_number

    @property
    def exits_with(self) -> int:
        """128 plus the signal's number: 129 for SIGHUP, 130 for SIGINT, 143 for SIGTERM."""
        return 128 + self.signal_number


class CloudError(AckGpuError):
    """The cloud answered with an error.

    ``cloud_code`` is the cloud's own code (``QuotaExceeded.Vpc``), ``status`` the HTTP status where
    one arrived, ``action`` the operation that was called. ``classified``: the class says what is
    wrong, as each class below does; otherwise only the cloud's own words tell.
    """

    exit_code = 11
    code = "CloudError"
    classified = False

    def __init_subclass__(cls) -> None:
        cls.classified = True

    def __init__(  # noqa: PLR0913 -- one record of an answer: all of it is needed to report it
        self,
        message: str,
        *,
        action: str = "",
        cloud_code: str = "",
        status: int | None = None,
        request_id: str | None = None,
        resolution: str | None = None,
        details: Sequence[str] = (),
    ) -> None:
        super().__init__(message, resolution=resolution, details=details)
        self.action = action
        self.cloud_code = cloud_code
        self.status = status
        self._request_id = request_id

    @property
    def error_code(self) -> str:
        """The cloud's own code, or the class's word where the answer carried none."""
        return self.cloud_code or self.code

    @property
    def request_id(self) -> str | None:
        """The cloud's id of the request."""
        return self._request_id

    def as_reason(self, what: str, details: Sequence[str] = ()) -> Self:
        """The same error as the reason of ``what``: ``{what}: {message}``, with its details."""
        reason = copy.copy(self)
        reason.message = f"{what}: {self.message}"
        reason.args = (reason.message,)
        reason.details = (*details, *self.details)
        return reason


def is_unclassified(error: object) -> TypeGuard[CloudError]:
    """Whether it is an answer of the cloud that only its own words explain."""
    return isinstance(error, CloudError) and not error.classified


class AccessDenied(CloudError):
    """RAM refuses the action; the message names it."""

    exit_code = 4
    code = "AccessDenied"


class Unauthenticated(CloudError):
    """The gateway refuses the access key, the token or the signature."""

    exit_code = 4
    code = "Unauthenticated"


class OutOfStock(CloudError):
    """The zone has no stock of the type, or does not sell it."""

    exit_code = 8
    code = "OutOfStock"


class QuotaExceeded(CloudError):
    """An account limit was reached."""

    code = "QuotaExceeded"


class ResourceNotFound(CloudError):
    """The thing addressed does not exist (or lies in another region)."""

    code = "ResourceNotFound"


class AlreadyExists(CloudError):
    """The name is taken."""

    exit_code = 6
    code = "AlreadyExists"


class DeletionProtected(CloudError):
    """A protection that somebody set forbids to delete it."""

    exit_code = 6
    code = "DeletionProtected"


class TaskFailed(CloudError):
    """An ACK task failed; the message says why, in ACK's words."""

    code = "TaskFailed"


class NotYet(CloudError):
    """The resource is busy, or something still depends on it: the same call works later."""

    code = "NotYet"


class Transient(CloudError):
    """The call failed in a way that may pass."""

    code = "Transient"


class Throttled(Transient):
    """Too many calls. ``retry_after`` is in real seconds, where the cloud said it."""

    code = "Throttled"
    retry_after: float | None = None


class Unreachable(Transient):
    """The cloud cannot be reached (DNS, a refused connection, a proxy): nothing was sent."""

    exit_code = 14
    code = "Unreachable"


class LostReply(Transient):
    """The call was sent and no answer came that can be used: it may have been carried out."""

    code = "LostReply"


class Unavailable(LostReply):
    """HTTP 503. A gateway gives it also after what lies behind it has acted: so look first."""

    code = "Unavailable"


class NoAnswer(LostReply, Unreachable):
    """Instead of an answer the connection broke, or a proxy spoke: it may have been carried out."""

    exit_code = 14
    code = "NoAnswer"


def reason(error: AckGpuError) -> str:
    """Why a read failed, in a few words: ``ListProductQuotas failed (InternalError)``.

    What RAM refuses is told in whole, as that names the action to be granted.
    """
    if isinstance(error, CloudError) and error.action:
        said = f"{error.action} failed ({error.error_code})"
        why = error.message.partition(" was refused: ")[2]
        return f"{said}: {why}" if isinstance(error, AccessDenied) and why else said
    return error.message
