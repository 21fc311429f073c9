"""The flags of ``create`` that say what to make, shared with ``plan`` and its kin."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ackgpu import flag
from ackgpu.cli.command import Region
from ackgpu.cli.flag_set import FlagSet
from ackgpu.spec.fields import NETWORK, NODES, WHAT, flags_on

if TYPE_CHECKING:
    from ackgpu.commands.load_spec import SpecOptions

File = Annotated[
    Path | None,
    typer.Option(flag.FILE, "-f", help="A cluster.yaml, or - for stdin; flags override it.",
                 rich_help_panel=WHAT),
]  # fmt: skip
Zones = Annotated[
    list[str] | None,
    typer.Option(flag.ZONE, metavar="ZONE", help="A zone, repeatable. Default: one by stock.",
                 rich_help_panel=NETWORK),
]  # fmt: skip
VSwitchIds = Annotated[
    list[str] | None,
    typer.Option(flag.VSWITCH_ID, metavar="VSWITCH_ID",
                 help="An existing vSwitch of it, repeatable.",
                 rich_help_panel=NETWORK),
]  # fmt: skip
Spot = Annotated[
    bool | None,
    typer.Option(f"{flag.SPOT}/{flag.NO_SPOT}", help="Preemptible instances.",
                 rich_help_panel=NODES),
]  # fmt: skip
SpotPriceLimit = Annotated[
    float | None,
    typer.Option(flag.SPOT_PRICE_LIMIT, help="The most that a spot node may cost an hour.",
                 rich_help_panel=NODES),
]  # fmt: skip
Verify = Annotated[
    bool | None,
    typer.Option(f"{flag.VERIFY}/{flag.NO_VERIFY}",
                 help="Prove the GPUs in the end. Default: yes."),
]  # fmt: skip


def by_comma(given: list[str] | None) -> tuple[str, ...]:
    """Words that were given one by one, or several in one by comma."""
    return tuple(word.strip() for text in given or () for word in text.split(",") if word.strip())


class SpecSet(FlagSet):
    """Flags that make a spec, also over a file. Their names are those of ``SpecFlags``."""

    region: Region = None

    def wants(self) -> "SpecOptions":
        """What they say, with the file that they override."""
        from ackgpu.commands.load_spec import SpecOptions
        from ackgpu.spec.flags import SpecFlags

        given = self.given()
        file = given.pop("file", None)
        return SpecOptions(flags=SpecFlags(**given), file=file)


class SurroundingsFlags(SpecSet, fields=flags_on("surroundings")):
    """What a cluster is made in."""

    file: File = None
    vswitch_ids: VSwitchIds = None


class PolicyFlags(SurroundingsFlags, fields=flags_on("policy")):
    """What decides which actions a cluster needs."""


class QuotaFlags(SurroundingsFlags, fields=flags_on("quota")):
    """What decides which limits a cluster touches."""

    zones: Zones = None
    spot: Spot = None


class CheckedFlags(QuotaFlags, fields=flags_on("checked")):
    """What can be checked before a cluster is made."""

    spot_price_limit: SpotPriceLimit = None


class CreateFlags(CheckedFlags, fields=flags_on("create")):
    """Everything that ``create`` can be told of what to make, and how."""

    verify: Verify = None


class InitFlags(SpecSet, fields=flags_on("init")):
    """What a spec to start from is made of."""

    name = "demo"


class LimitFlags(FlagSet):
    """Where limits that cannot be read are taken from."""

    limits: Annotated[
        Literal["2020", "2026"],
        typer.Option(
            flag.LIMITS, help="Year of the documented limits to fall back on; 2026 is today's."
        ),
    ] = "2020"
    overrides: Annotated[
        list[str] | None,
        typer.Option(
            flag.LIMIT,
            metavar="LIMIT=N",
            help="A limit that you know, such as eips=30; repeatable.",
        ),
    ] = None
