"""``config``: start a spec, check one, print its schema, show what is in force."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ackgpu import flag
from ackgpu.commands.load_spec import SpecOptions, load_spec, read_spec_file
from ackgpu.errors import CredentialsError, LocalError, UsageError
from ackgpu.render.output import json_file
from ackgpu.render.results import Facts, PlainText, Result
from ackgpu.session import Session


@dataclass(frozen=True, kw_only=True)
class InitOptions:
    """The options of ``config init``. ``path`` None: the spec is printed."""

    wants: SpecOptions
    path: Path | None = None
    force: bool = False


def init(options: InitOptions, session: Session) -> Result:
    """Print a spec made of the flags, or write it to a file."""
    path = options.path
    from ackgpu.spec.render import to_yaml

    try:
        spec = load_spec(options.wants, session).spec
    except CredentialsError:  # whoever has none yet can begin with a file
        spec = load_spec(options.wants, session, offline=True).spec
    text = to_yaml(spec, defaults=True)
    if path is None:
        return Result(command="config init", part=PlainText(text=text))
    if path.exists() and not options.force:
        raise UsageError(f"{path} exists.", resolution=f"{flag.FORCE} overwrites it.")
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise LocalError(f"{path} cannot be written: {error.strerror}.") from error
    part = Facts(headline=f"{path} written", facts={"file": str(path)}, done=True)
    return Result(command="config init", part=part)


def validate(paths: Sequence[Path], session: Session) -> Result:
    """Check a spec without asking the cloud; raises SpecError with every finding.

    Raises UsageError unless it is one.
    """
    if len(paths) != 1:
        raise UsageError("One file is checked at a time: `ackgpu config validate cluster.yaml`.")
    (path,) = paths
    loaded = read_spec_file(path, session)
    facts = {"file": loaded.source, "name": loaded.spec.name, "region": loaded.spec.region}
    part = Facts(headline=f"{loaded.source} is valid", facts=facts, done=True)
    warnings = tuple(str(finding) for finding in loaded.warnings)
    return Result(command="config validate", part=part, warnings=warnings)


def schema(session: Session) -> Result:
    """Print the JSON Schema of cluster.yaml."""
    from ackgpu.spec.schema import json_schema

    part = json_file(session.settings.output, "schema", json_schema())
    return Result(command="config schema", part=part)


def show(session: Session) -> Result:
    """Show the settings in force and where the credentials come from; no secret."""
    settings = session.settings
    facts = {
        "region": session.region,
        "credentials": session.credentials,
        "emulated": session.emulated,
        "stateDirectory": str(settings.state_dir),
        "output": settings.output,
        "clockSpeed": session.clock.speed,
    }
    return Result(command="config show", part=Facts(headline="settings in force", facts=facts))
