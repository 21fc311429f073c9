"""How to run, as opposed to what to make: flags before environment before defaults."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

from ackgpu.errors import UsageError

T = TypeVar("T", bound=str)
Output = Literal["table", "json", "yaml", "name", "jsonl"]
OUTPUTS: tuple[Output, ...] = ("table", "json", "yaml", "name", "jsonl")
DEFAULT_REGION = "cn-hangzhou"
REGION_VARIABLES = (
    "ACKGPU_REGION",
    "ALIBABA_CLOUD_REGION_ID",
    "ALIBABA_CLOUD_REGION",
    "ALICLOUD_REGION",
)


# Commands that work on no cloud: the flags that choose one say nothing to them.
UNSCOPED = frozenset({"config", "emulator", "explain", "version"})


@dataclass(frozen=True)
class Flags:
    """The global flags as given; None or False where they were not."""

    region: str | None = None
    profile: str | None = None
    output: str | None = None
    verbose: bool = False
    quiet: bool = False
    no_input: bool = False
    color: str = "auto"
    emulator: bool = False

    def over(self, before: Flags) -> Flags:
        """These flags, and those given before the command where these say nothing."""
        return Flags(
            region=self.region or before.region,
            profile=self.profile or before.profile,
            output=self.output or before.output,
            verbose=self.verbose or before.verbose,
            quiet=self.quiet or before.quiet,
            no_input=self.no_input or before.no_input,
            color=self.color if self.color != "auto" else before.color,
            emulator=self.emulator or before.emulator,
        )


@dataclass(frozen=True)
class Settings:
    """The flags with the environment applied.

    ``region`` is empty where neither says one: the profile's, or the default, is taken then.
    ``given`` are the flags themselves.
    """

    region: str
    profile: str
    output: Output
    verbose: bool
    quiet: bool
    no_input: bool
    color: Literal["auto", "always", "never"]
    emulator: bool
    state_dir_given: str
    timeout: str
    given: Flags

    @property
    def state_dir(self) -> Path:
        """Where journals, logs and the emulator's account are kept."""
        if self.state_dir_given:
            return Path(self.state_dir_given)
        from platformdirs import user_state_path

        return user_state_path("ackgpu")

    def command(self, line: str, *, region: str = "") -> str:
        """``ackgpu <line>`` as it has to be typed to work on the same cloud.

        It carries the flags that chose the cloud; ``region`` comes before the flag's.
        """
        words = line.split()
        if words[0] in UNSCOPED:
            return f"ackgpu {line}"
        region = "" if "--all-regions" in words else region or self.given.region or ""
        scope = {
            "--region": f"--region {shlex.quote(region)}" if region else "",
            "--profile": f"--profile {shlex.quote(self.profile)}" if self.profile else "",
            "--emulator": "--emulator" if self.given.emulator else "",
        }
        flags = (text for flag, text in scope.items() if text and flag not in words)
        return " ".join(("ackgpu", line, *flags))

    @classmethod
    def resolve(cls, flags: Flags, env: Mapping[str, str]) -> Settings:
        """Raises UsageError for a value that is none of those allowed."""
        output = flags.output or env.get("ACKGPU_OUTPUT") or "table"
        return cls(
            region=flags.region or next((env[v] for v in REGION_VARIABLES if env.get(v)), ""),
            profile=flags.profile or "",
            output=_one_of(output, OUTPUTS, "--output"),
            verbose=flags.verbose,
            quiet=flags.quiet,
            no_input=flags.no_input or truthy(env.get("ACKGPU_NO_INPUT")),
            color=_one_of(flags.color, ("auto", "always", "never"), "--color"),
            emulator=flags.emulator or truthy(env.get("ACKGPU_EMULATOR")),
            state_dir_given=_directory(env.get("ACKGPU_STATE_DIR", ""), "ACKGPU_STATE_DIR"),
            timeout=env.get("ACKGPU_TIMEOUT", ""),
            given=flags,
        )


def asked_output(typed: Sequence[str], env: Mapping[str, str]) -> Output:
    """The output that a command line names, also one that cannot be parsed; else the default."""
    named = env.get("ACKGPU_OUTPUT") or ""
    for word, following in zip(typed, [*typed[1:], ""], strict=True):
        flag, equals, value = word.partition("=")
        if flag in {"-o", "--output"}:
            named = value if equals else following
        elif flag.startswith("-o"):
            named = word.removeprefix("-o")
    return next((output for output in OUTPUTS if output == named), "table")


def truthy(value: str | None) -> bool:
    """Whether an environment variable says yes."""
    return (value or "").lower() not in {"", "0", "false", "no"}


def _directory(path: str, variable: str) -> str:
    """The whole path; empty where none is given."""
    if not path:
        return ""
    try:
        return str(Path(path).expanduser().absolute())
    except (RuntimeError, OSError) as error:  # nobody's home, or below a directory that is gone
        raise UsageError(
            f"{variable} is {path!r}, which leads nowhere: {error}",
            resolution=f"Set {variable} to a directory that can be written.",
        ) from error


def _one_of(value: str, allowed: tuple[T, ...], flag: str) -> T:
    for item in allowed:
        if value == item:
            return item
    raise UsageError(f"{flag} {value} is not known.", resolution=f"One of: {', '.join(allowed)}.")
