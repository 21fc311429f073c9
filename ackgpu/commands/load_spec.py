"""From flags and a file to the spec that a command works on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ackgpu.errors import SpecError, SpecFinding, UsageError
from ackgpu.session import Session
from ackgpu.settings import DEFAULT_REGION
from ackgpu.small_file import why
from ackgpu.spec.flags import SpecFlags
from ackgpu.spec.load import MAX_BYTES, LoadedSpec, from_flags, load_bytes, load_file
from ackgpu.spec.model import ClusterSpec
from ackgpu.spec.validate import warnings_in

STDIN = Path("-")
"""In the place of a file: the spec is read from standard input, as kubectl does."""


@dataclass(frozen=True, kw_only=True)
class SpecOptions:
    """What says what to make: a file, flags, or flags over a file.

    ``content`` is the text of a file that lies nowhere.
    """

    flags: SpecFlags
    file: Path | None = None
    content: bytes | None = None


@dataclass(frozen=True)
class RequestedSpec:
    """The spec, and what the user should know about it."""

    spec: ClusterSpec
    warnings: tuple[str, ...]


def read_spec_file(path: Path, session: Session) -> LoadedSpec:
    """The spec in the file at ``path``, or from standard input where that is ``-``.

    Raises SpecError with everything that is wrong with it.
    """
    if path != STDIN:
        return load_file(path)
    try:
        content = session.streams.read_all(MAX_BYTES)
    except OSError as refused:
        raise SpecError([SpecFinding("stdin", "", f"cannot be read: {why(refused)}")]) from None
    return load_bytes(content, name="stdin")


def load_spec(
    options: SpecOptions, session: Session, *, unnamed: str = "", offline: bool = False
) -> RequestedSpec:
    """The spec. Raises SpecError with every finding, UsageError where there is no name.

    ``unnamed`` is the name for commands that can do without. The region comes from the flag, then
    the file, then the environment or profile; ``offline`` does without a profile's credentials.
    """
    base = read_spec_file(options.file, session).spec if options.file else None
    if options.content is not None:
        base = load_bytes(options.content, name="spec").spec
    flags = options.flags
    if flags.get("timeout") is None and session.settings.timeout:
        flags = flags.also(timeout=session.settings.timeout)
    if flags.get("region") is None and session.settings.given.region:
        flags = flags.also(region=session.settings.given.region)
    in_file = base is not None and "region" in base.metadata.model_fields_set
    if flags.get("region") is None and not in_file:
        region = (session.settings.region or DEFAULT_REGION) if offline else session.region
        flags = flags.also(region=region)
    named = flags.get("name") or (base and base.name)
    if unnamed and not named:
        flags = flags.also(name=unnamed)
    elif not named:
        raise UsageError(
            "The cluster needs a name.",
            resolution="Such as `ackgpu create demo`; or set metadata.name in the file.",
        )
    spec = from_flags(flags, base)
    session.require_region(spec.region, offline=offline)
    session.concern(spec.name, spec.region if in_file or options.flags.get("region") else "")
    return RequestedSpec(spec, tuple(str(finding) for finding in warnings_in(spec)))
