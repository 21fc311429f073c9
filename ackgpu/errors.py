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
    ├─ OverBudget                 13  over --max-hourly-price
    ├─ Interrupted       129/130/143  SIGHUP, SIGINT or SIGTERM, after a safe stop
    └─ CloudError                 11  the cloud rejected or failed the operation for good
       ├─ AccessDenied             4  RAM refuses the action
       ├─ Unauthenticated          4  the gateway refuses the key, token or signature
       ├─ OutOfStock               8
       ├─ QuotaExceeded           11
       ├─ ResourceNotFound        11
       ├─ AlreadyExists            6
       ├─ DeletionProtected        6
       ├─ NotYet                  11  busy or still in use: the engine asks again later
       └─ Transient               11  may pass: retried by the adapter
          ├─ Throttled
          ├─ Unavailable              refused, 5xx: the call was not carried out
          └─ LostReply                no answer: the call may or may not have been carried out
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


class AckGpuError(Exception):
    """What happened, why, and what to do about it.

    ``message`` is "{what happened}: {why}", one line. ``resolution`` is what to do next.
    ``details`` are further lines, such as each finding or each (type, zone) tried.
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


class UnparsedLineError(UsageError):
    """The command line cannot be parsed. The parser has shown that to people already."""


@dataclass(frozen=True)
class SpecFinding:
    """One thing wrong with a spec: where, and what."""

    where: str
    key: str
    message: str

    def __str__(self) -> str:
        return ": ".join(part for part in (self.where, self.key, self.message) if part)


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
    """No cluster of that name is ours in that region."""

    exit_code = 5
    code = "NotFound"


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
    """No (type, zone) that the spec allows has stock; ``details`` lists what was tried."""

    exit_code = 8
    code = "NoCapacity"


class VerificationFailed(AckGpuError):
    """The cluster is up and its GPUs are not usable."""

    exit_code = 9
    code = "VerificationFailed"


class LeftoversError(AckGpuError):
    """A teardown could not remove everything; ``details`` lists what is left, with its ids."""

    exit_code = 10
    code = "Leftovers"


class OverBudget(AckGpuError):
    """The plan costs more an hour than --max-hourly-price allows."""

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
    one arrived, ``action`` the operation that was called.
    """

    exit_code = 11
    code = "CloudError"

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


class Unavailable(Transient):
    """The service could not be reached or failed, and the call was not carried out."""

    code = "Unavailable"


class LostReply(Transient):
    """The call was sent and no answer came that can be used: it may have been carried out."""

    code = "LostReply"
