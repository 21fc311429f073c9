"""Every code that can be seen is explained, and the explanation says what really becomes of it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.cli import Cli

from ackgpu import errors
from ackgpu.cloud.aliyun import advice, codes
from ackgpu.commands.program.explanations import Catalogue
from ackgpu.steps import sample_pod

ROOT = Path(__file__).parents[2]
CATALOGUE = Catalogue()
SHAPE = re.compile(r"[A-Z][A-Za-z]+(\.[A-Za-z]+)+")
NOT_CODES = {
    "SystemDisk.Category", "SystemDisk.Size", "STS.NT", "Policy.Version", "User.AccessKey",
    "GroupId.NotFound", "CidrIp.Malformed", "PrivatePoolOptions.Id",
    "PrivatePoolOptions.MatchCriteria",
}  # fmt: skip
"""Names of parameters, and the ends of codes that are put together."""
STATUS = {"InternalError": 500, "ApiServer.InternalError": 500}


def of_our_tables() -> set[str]:
    found: set[str] = set()
    for value in vars(codes).values():
        if isinstance(value, frozenset | tuple) and all(isinstance(item, str) for item in value):
            found |= set(value)
    return found


def of_the_emulator() -> Iterator[str]:
    for path in (ROOT / "ackgpu" / "emulator").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            raises = isinstance(node, ast.Call) and "ApiError" in vars(node.func).values()
            if raises and node.args and isinstance(node.args[0], ast.Constant):
                yield str(node.args[0].value)
            if isinstance(node, ast.Constant) and SHAPE.fullmatch(str(node.value)):
                yield str(node.value)


def of_our_advice() -> set[str]:
    """Codes that the advice is about; one that ends in a dot begins a family."""
    return {f"{code}Any" if code.endswith(".") else code for code, _ in advice.ADVICE_BY_CODE}


PRINTED_BY_US = sample_pod.PULL
"""Words in a code's place that come neither from a class nor from the cloud's API."""
SEEN = sorted(
    (of_our_tables() | of_our_advice() | PRINTED_BY_US | set(of_the_emulator())) - NOT_CODES
)


def test_there_are_codes_to_look_at() -> None:
    assert len(SEEN) > 250
    assert {"OperationDenied.NoStock", "ErrorClusterNotFound", "TaskConflict"} <= set(SEEN)


@pytest.mark.parametrize("code", SEEN)
def test_a_code_that_can_be_seen_is_explained_as_what_it_becomes(code: str) -> None:
    explained = CATALOGUE.explain(code)
    assert explained is not None
    becomes = codes.meaning(code, status=STATUS.get(code), message="", action="")
    assert (explained.becomes, explained.exits_with) == (becomes.code, becomes.exit_code)
    assert explained.cause.endswith(".")
    assert explained.fix.endswith(".")
    assert explained.source


@pytest.mark.parametrize("code", CATALOGUE.names)
def test_each_code_of_the_catalogue_becomes_what_the_adapter_makes_of_it(code: str) -> None:
    explained = CATALOGUE.explain(code)
    assert explained is not None
    if explained.source != "ackgpu":
        becomes = codes.meaning(code, status=STATUS.get(code), message="", action="")
        assert explained.becomes == becomes.code


@pytest.mark.parametrize(
    "kind",
    [kind for kind in vars(errors).values()
     if isinstance(kind, type) and issubclass(kind, errors.AckGpuError)
     and kind is not errors.AckGpuError],
)  # fmt: skip
def test_every_class_of_error_is_explained_by_its_word(kind: type[errors.AckGpuError]) -> None:
    explained = CATALOGUE.explain(kind.code)
    assert explained is not None
    assert explained.family == ""
    assert explained.exits_with == (130 if kind is errors.Interrupted else kind.exit_code)


def test_every_exit_code_of_the_page_is_explained() -> None:
    page = (ROOT / "docs" / "exit-codes.md").read_text()
    numbers = re.findall(r"^\| ([\d, ]+) \|", page, re.MULTILINE)
    for number in ", ".join(numbers).split(", "):
        explained = CATALOGUE.explain(number)
        assert explained is not None
        assert explained.exits_with == int(number)


CODES_AS_TEXT = re.compile(r"cloud_code=(?!code|error|pod\.reason|self)(.+)")


def test_no_other_place_makes_codes_up() -> None:
    """What is printed as a code is the cloud's, a class's word, or a pod's reason: no text."""
    for path in (ROOT / "ackgpu").rglob("*.py"):
        assert not CODES_AS_TEXT.findall(path.read_text()), path


@pytest.mark.parametrize("word", ["Bug", "Interrupted"])
def test_words_of_failures_without_a_class_are_explained(word: str) -> None:
    assert f'"{word}"' in (ROOT / "ackgpu" / "render" / "failure.py").read_text()
    assert CATALOGUE.explain(word) is not None


def test_a_quota_is_explained_by_its_route_and_in_general(cli: Cli) -> None:
    cause = cli.ok("explain", "QuotaExceeded", "-o", "json").json["cause"]
    assert "limit of the account" in cause
    assert "CreateRouteEntry" in cause


def test_a_code_is_explained_with_its_cause_and_what_to_do(cli: Cli) -> None:
    shown = cli.ok("explain", "OperationDenied.NoStock").out
    assert "no stock" in shown
    assert "ackgpu offers" in shown
    document = cli.ok("explain", "OperationDenied.NoStock", "-o", "json").json
    assert document["exitsWith"] == 8
    assert document["becomes"] == "OutOfStock"
    assert document["exitCode"] == 0


def test_the_case_of_letters_does_not_matter(cli: Cli) -> None:
    document = cli.ok("explain", "quotaexceeded.vpc", "-o", "json").json
    assert document["code"] == "QuotaExceeded.Vpc"


def test_an_exit_code_is_explained(cli: Cli) -> None:
    assert "still progressing" in cli.ok("explain", "7").out
    assert cli.ok("explain", "143", "-o", "json").json["exitsWith"] == 143


def test_an_unknown_code_of_a_known_family_says_what_the_family_says(cli: Cli) -> None:
    document = cli.ok("explain", "QuotaExceeded.Vpcs", "-o", "json").json
    assert document["family"] == "QuotaExceed*"
    assert "QuotaExceeded.Vpc" in document["similar"]
    assert document["exitsWith"] == 11


def test_an_unknown_code_of_no_family_names_the_nearest(cli: Cli) -> None:
    ended = cli("explain", "OprationDenid.NoStok")
    assert ended.code == 2
    assert "OperationDenied.NoStock" in ended.err


def test_nothing_is_asked_of_the_cloud(cli: Cli) -> None:
    cli.ok("explain", "TaskConflict")
    assert list(cli.emulator.requests) == []
