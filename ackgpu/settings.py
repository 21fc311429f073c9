"""How to run, as opposed to what to make: flags before environment before defaults."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Literal, TypeVar

from ackgpu import flag
from ackgpu.clock import SPEEDS, possible_speed
from ackgpu.errors import LocalError, UsageError
from ackgpu.output_forms import OUTPUTS, Output
from ackgpu.state_dir import VARIABLE, state_dir

T = TypeVar("T", bound=str)
DEFAULT_REGION = "cn-hangzhou"
REGION_VARIABLES = (
    "ACKGPU_REGION",
    "ALIBABA_CLOUD_REGION_ID",
    "ALIBABA_CLOUD_REGION",
    "ALICLOUD_REGION",
)


# Commands that work on no cloud: the flags that choose one say nothing to them.
UNSCOPED = frozenset({"completion", "config", "emulator", "explain", "schema", "version"})


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
    record: Path | None = None

    def over(self, before: Flags) -> Flags:
        """These flags, and those given before the command where these say nothing.

        Raises UsageError for one that takes a value and is given in both places.
        """
        typed = {
            flag.REGION: (before.region, self.region),
            flag.PROFILE: (before.profile, self.profile),
            flag.OUTPUT: (before.output, self.output),
            flag.RECORD: (before.record, self.record),
        }
        for name, values in typed.items():
            if all(values):
                raise UsageError(f"{name} is given 2 times, and takes one value.")
        return Flags(
            region=self.region or before.region,
            profile=self.profile or before.profile,
            output=self.output or before.output,
            verbose=self.verbose or before.verbose,
            quiet=self.quiet or before.quiet,
            no_input=self.no_input or before.no_input,
            color=self.color if self.color != "auto" else before.color,
            emulator=self.emulator or before.emulator,
            record=self.record or before.record,
        )


@dataclass(frozen=True)
class Settings:
    """The flags with the environment applied.

    ``region`` is empty where neither says one: the profile's, or the default, is taken then.
    ``state_dir`` keeps journals, logs and the emulator's account.
    ``image_registry`` is where the CUDA sample's images come from; empty for Docker Hub.
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
    state_dir: Path
    timeout: str
    image_registry: str
    given: Flags

    def command(self, line: str, *, region: str = "") -> str:
        """``ackgpu <line>`` as it has to be typed to work on the same cloud.

        It carries the flags that chose the cloud; ``region`` comes before the flag's.
        """
        words = line.split()
        if words[0] in UNSCOPED:
            return f"ackgpu {line}"
        region = "" if flag.ALL_REGIONS in words else region or self.given.region or ""
        scope = {
            flag.REGION: f"{flag.REGION} {shlex.quote(region)}" if region else "",
            flag.PROFILE: f"{flag.PROFILE} {shlex.quote(self.profile)}" if self.profile else "",
            flag.EMULATOR: flag.EMULATOR if self.given.emulator else "",
        }
        flags = (text for name, text in scope.items() if text and name not in words)
        line, into, file = line.partition(" > ")
        return " ".join(("ackgpu", line, *flags)) + into + file

    def job(self, line: str) -> str:
        """The same for a job, which has no environment to take the region or the emulator from."""
        given = replace(self.given, emulator=self.emulator)
        return replace(self, given=given).command(line, region=self.region)

    @classmethod
    def resolve(cls, flags: Flags, env: Mapping[str, str]) -> Settings:
        """Raises UsageError for a value that is none of those allowed."""
        output = flags.output or env.get("ACKGPU_OUTPUT") or "table"
        return cls(
            region=flags.region or next((env[v] for v in REGION_VARIABLES if env.get(v)), ""),
            profile=flags.profile or "",
            output=_one_of(output, OUTPUTS, flag.OUTPUT),
            verbose=flags.verbose,
            quiet=flags.quiet,
            no_input=flags.no_input or truthy(env.get("ACKGPU_NO_INPUT")),
            color=_one_of(flags.color, ("auto", "always", "never"), flag.COLOR),
            emulator=flags.emulator or truthy(env.get("ACKGPU_EMULATOR")),
            state_dir=_state_dir(env),
            timeout=env.get("ACKGPU_TIMEOUT", ""),
            image_registry=env.get("ACKGPU_IMAGE_REGISTRY", ""),
            given=flags,
        )


def asked_output(typed: Sequence[str], env: Mapping[str, str]) -> Output:
    """The output that a command line names, also one that cannot be parsed; else the default."""
    named = env.get("ACKGPU_OUTPUT") or ""
    for word, following in pairwise([*typed, ""]):
        name, equals, value = word.partition("=")
        if name in {"-o", flag.OUTPUT}:
            named = value if equals else following
        elif name.startswith("-o"):
            named = word.removeprefix("-o")
    return next((output for output in OUTPUTS if output == named), "table")


def truthy(value: str | None) -> bool:
    """Whether an environment variable says yes."""
    return (value or "").lower() not in {"", "0", "false", "no"}


def _state_dir(env: Mapping[str, str]) -> Path:
    try:
        return Path(state_dir(env))
    except (ValueError, OSError) as error:
        raise UsageError(
            f"{VARIABLE} is {env.get(VARIABLE)!r}, which leads nowhere: {error}",
            resolution=f"Set {VARIABLE} to a directory that can be written.",
        ) from error


def _one_of(value: str, allowed: tuple[T, ...], flag: str) -> T:
    for item in allowed:
        if value == item:
            return item
    raise UsageError(f"{flag} {value} is not known.", resolution=f"One of: {', '.join(allowed)}.")


def home_of(env: Mapping[str, str]) -> Path:
    """The user's home directory: ``HOME``, else what the system's list of users says.

    Raises LocalError if neither names one, as in a container that runs under a bare number.
    """
    try:
        return Path(env.get("HOME") or Path.home())
    except RuntimeError as error:
        raise LocalError(
            f"The home directory cannot be determined: HOME is not set, and user {os.getuid()} is"
            " not in the list of users.",
            resolution="Set HOME to a directory that can be written.",
        ) from error


def leads_to_loopback(env: Mapping[str, str]) -> bool:
    """Whether an endpoint of the environment is on this machine: an emulator."""
    named = (value for key, value in env.items() if key.startswith("ACKGPU_ENDPOINT"))
    hosts = (value.partition("://")[2].partition("/")[0] for value in named)
    return any(host.startswith(("127.", "localhost", "[::1]")) for host in hosts)


def clock_speed(text: str) -> float:
    """The speed that ``ACKGPU_CLOCK_SPEED`` names; raises UsageError."""
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not possible_speed(speed):
        raise UsageError(
            f"ACKGPU_CLOCK_SPEED is {text!r}, which is no number from {SPEEDS[0]:g} to"
            f" {SPEEDS[1]:.0f}."
        )
    return speed
