"""From flags and a file to the spec that a command works on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from ackgpu.app import App
from ackgpu.errors import UsageError
from ackgpu.settings import DEFAULT_REGION
from ackgpu.spec.flags import SpecFlags
from ackgpu.spec.load import from_flags, load_file
from ackgpu.spec.model import ClusterSpec
from ackgpu.spec.validate import warnings_in


@dataclass(frozen=True, kw_only=True)
class SpecOptions:
    """What says what to make: a file, flags, or flags over a file."""

    flags: SpecFlags
    file: Path | None = None


@dataclass(frozen=True)
class Wanted:
    """The spec, and what the user should know about it."""

    spec: ClusterSpec
    warnings: tuple[str, ...]


def wanted(options: SpecOptions, app: App, *, unnamed: str = "", offline: bool = False) -> Wanted:
    """The spec. Raises SpecError with every finding, UsageError where there is no name.

    ``unnamed`` is the name for commands that can do without. The region comes from the flag, then
    the file, then the environment or profile; ``offline`` does without a profile's credentials.
    """
    base = load_file(options.file).spec if options.file else None
    flags = options.flags
    if flags.timeout is None and app.settings.timeout:
        flags = replace(flags, timeout=app.settings.timeout)
    in_file = base is not None and "region" in base.metadata.model_fields_set
    if flags.region is None and not in_file:
        region = (app.settings.region or DEFAULT_REGION) if offline else app.region
        flags = replace(flags, region=region)
    if unnamed and not (flags.name or (base and base.name)):
        flags = replace(flags, name=unnamed)
    if not (flags.name or (base and base.name)):
        raise UsageError(
            "The cluster needs a name.",
            resolution="ackgpu create NAME, or metadata.name in the file.",
        )
    spec = from_flags(flags, base)
    return Wanted(spec, tuple(str(finding) for finding in warnings_in(spec)))
