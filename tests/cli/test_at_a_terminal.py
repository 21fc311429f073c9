"""What people see on a terminal of 80 columns, command by command, on one emulated account."""

from __future__ import annotations

import re
import shlex
from contextlib import chdir

import pytest
from rich.cells import cell_len
from simulation.story import Said, story

LIVES = """
offers
check-quota --nodes 2
plan demo
preflight demo
create demo --instance-type ecs.sgn7i-vws-m2.xlarge --ttl 30h
list
describe demo --resources --events
nodepool add demo big --instance-type ecs.sgn7i-vws-m2.xlarge --nodes 1 --min 1 --max 3
nodepool list demo
node list demo
verify demo
diagnose demo
nodepool convert-billing demo gpu --period 3 --dry-run
nodepool convert-billing demo gpu --period 3 --yes
nodepool convert-billing demo gpu --period 3 --yes
extend demo --ttl 5h
wait demo --for gpu
upgrade demo --check-only
sleep demo --yes
list
delete demo --dry-run
gc --older-than 1m
delete demo --yes
explain OperationDenied.NoStock
""".strip().splitlines()
"""Command lines in their order; a subscription stays, so that the deletion ends with 10."""

TERMS = {"vSwitch", "vSwitches", "vGPU", "vCPU", "GiB", "MiB"}
QUOTED = r"`[^`]*`|nodePools\[\d\]\.\w+|ManagedK8SSlbIntranet\w*|KubernetesWorkerRole|https?:\S+"
"""What stands as it is: commands, keys of the spec, and names that ACK gives."""


@pytest.fixture(scope="module")
def screens(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Said]:
    """What each command shows, its lines one under the other."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch, story(home) as shell, chdir(home):
        patch.setenv("TERM", "dumb")
        patch.setenv("NO_COLOR", "1")
        return {line: shell.run(*shlex.split(line), terminal=True) for line in LIVES}


@pytest.mark.parametrize("line", LIVES)
def test_nothing_is_wider_than_the_terminal(screens: dict[str, Said], line: str) -> None:
    stays = line == "delete demo --yes"  # the subscription
    assert screens[line].code == (10 if stays else 0)
    assert [each for each in screens[line].both.splitlines() if cell_len(each) > 80] == []


@pytest.mark.parametrize("line", LIVES)
def test_people_read_words(screens: dict[str, Said], line: str) -> None:
    """No camelCase, and no words of an enumeration: those are for scripts, or asked about."""
    shown = "" if line.startswith("explain") else re.sub(QUOTED, "", screens[line].out)
    words = set(re.findall(r"\b[A-Za-z]*[a-z][A-Z]\w*|\b[A-Z]+_[A-Z]+\b", shown))
    assert words - TERMS - set(line.split()) == set()


def test_what_is_typed_again_is_not_broken(screens: dict[str, Said]) -> None:
    shown = screens["node list demo"].out
    assert len(re.findall(r"^  cn-hangzhou\.\d+\.\d+\.\d+\.\d+ ", shown, re.MULTILINE)) == 3
    types = re.findall(r"^.{3}(ecs\.\S+)", screens["offers"].out, re.MULTILINE)
    assert types
    assert all(kind.endswith("large") for kind in types)
    pools = screens["nodepool list demo"].out
    assert pools.count("ecs.sgn7i-vws-m2.xlarge  ") == 2
    resources = screens["describe demo --resources --events"].out
    assert re.search(r"cluster +c\w{32} ", resources)
