"""From flags and a file to the spec that a command works on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from ackgpu.app import App
from ackgpu.errors import SpecError, SpecFinding, UsageError
from ackgpu.settings import DEFAULT_REGION
from ackgpu.spec.flags import SpecFlags
from ackgpu.spec.load import LoadedSpec, from_flags, load_file, load_text
from ackgpu.spec.model import ClusterSpec
from ackgpu.spec.validate import warnings_in

STDIN = Path("-")
"""In the place of a file: the spec is read from standard input, as kubectl does."""


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


def read_spec_file(path: Path, app: App) -> LoadedSpec:
    """The spec in the file at ``path``, or from standard input where that is ``-``.

    Raises SpecError with everything that is wrong with it.
    """
    if path != STDIN:
        return load_file(path)
    try:
        text = app.streams.read_all()
    except UnicodeDecodeError:
        raise SpecError([SpecFinding("stdin", "", "is not UTF-8 text")]) from None
    return load_text(text, name="stdin")


def wanted(options: SpecOptions, app: App, *, unnamed: str = "", offline: bool = False) -> Wanted:
    """The spec. Raises SpecError with every finding, UsageError where there is no name.

    ``unnamed`` is the name for commands that can do without. The region comes from the flag, then
    the file, then the environment or profile; ``offline`` does without a profile's credentials.
    """
    base = read_spec_file(options.file, app).spec if options.file else None
    flags = options.flags
    if flags.timeout is None and app.settings.timeout:
        flags = replace(flags, timeout=app.settings.timeout)
    if flags.region is None and app.settings.given.region:
        flags = replace(flags, region=app.settings.given.region)
    in_file = base is not None and "region" in base.metadata.model_fields_set
    if flags.region is None and not in_file:
        region = (app.settings.region or DEFAULT_REGION) if offline else app.region
        flags = replace(flags, region=region)
    if unnamed and not (flags.name or (base and base.name)):
        flags = replace(flags, name=unnamed)
    if not (flags.name or (base and base.name)):
        raise UsageError(
            "The cluster needs a name.",
            resolution="`ackgpu create NAME`, or metadata.name in the file.",
        )
    spec = from_flags(flags, base)
    app.concern(spec.name, spec.region if in_file or options.flags.region else "")
    return Wanted(spec, tuple(str(finding) for finding in warnings_in(spec)))
