"""The page of ``verify --report``: what it says, and how a real browser draws it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from gpu.browser import chromium, visit
from gpu.lab import Lab
from support.cli import Cli, cli_on

VOID = {"meta", "br", "hr", "img", "input", "link"}


class Checked(HTMLParser):
    """Keeps the text, and refuses elements that are not closed or that fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.words: list[str] = []
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in {"script", "iframe", "img", "link", "object", "embed"}
        self.attributes |= {name for name, _ in attrs}
        self.open += [] if tag in VOID else [tag]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def checked(path: Path) -> Checked:
    parser = Checked()
    parser.feed(path.read_text(encoding="utf-8"))
    assert parser.open == []
    return parser


@pytest.fixture
def made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Cli]:
    """A cluster of two nodes, one of which shows another slice than its type gives."""
    key = "aliyun.accelerator/nvidia_mem"
    fault = {"kind": "label_wrong", "key": key, "value": "1024MiB", "node": 0}
    with cli_on(tmp_path / "user", capsys, faults={"faults": [fault]}) as cli:
        cli.ok("create", "demo", "--no-verify")
        cli("wait", "demo", "--for", "gpu")
        yield cli


@pytest.mark.long
def test_the_page_shows_ladder_labels_timeline_and_topology(made: Cli, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    ended = made("verify", "demo", "--level", "cuda", "--report", str(path), "-o", "json")
    assert ended.code == 9
    page = checked(path)
    assert "1 of 2 GPU nodes verified" in page.text
    for node in ended.json["nodes"]:
        assert node["node"] in page.text
        assert node["labels"]["aliyun.accelerator/nvidia_name"] in page.text
    assert "nvidia_mem is 1024MiB; ecs.vgn5i-m2.xlarge should show 2048MiB" in page.text
    assert "Test PASSED" in page.text
    (ran,) = [node["sample"]["imageDigest"] for node in ended.json["nodes"] if node["sample"]]
    assert re.search("@sha256:[0-9a-f]{64}$", ran)
    assert f"Image {ran}" in page.text
    for step in ("vpc", "cluster", "node pool gpu", "nat gateway"):
        assert step in page.text.split("Timeline of the create")[1]
    drawn = page.text.split("What was made")[1]
    for kind in ("vpc", "vswitch", "natgateway", "cluster", "loadbalancer", "eip"):
        assert all(thing in drawn for thing in made.account()[kind]), kind


def test_the_page_fetches_nothing_and_forbids_to(lab: Lab, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    lab.verify("--report", str(path))
    text = path.read_text(encoding="utf-8")
    assert "Content-Security-Policy\" content=\"default-src 'none'; style-src" in text
    assert not checked(path).attributes & {"src", "href", "srcset", "onclick"}
    assert "url(" not in text
    assert "@import" not in text


def test_what_a_node_says_of_itself_cannot_become_markup(lab: Lab, tmp_path: Path) -> None:
    labels = {
        "aliyun.accelerator/nvidia_name": "<script>alert(1)</script>",
        "aliyun.accelerator/nvidia_mem": "2048MiB",
        "aliyun.accelerator/nvidia_count": "1",
    }
    lab.add_node(gpu_labels=labels)
    path = tmp_path / "report.html"
    lab.verify("--report", str(path))
    assert "<script>alert(1)</script>" in checked(path).text


def test_a_cluster_that_is_not_ackgpus_gets_its_ladder_alone(lab: Lab, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    assert lab.verify("--report", str(path)).code == 0
    text = checked(path).text
    assert "2 of 2 GPU nodes verified" in text
    assert "Timeline" not in text
    assert "What was made" not in text


def test_a_report_that_cannot_be_written_is_told_so(lab: Lab, tmp_path: Path) -> None:
    ended = lab.verify("--report", str(tmp_path))
    assert ended.code == 2
    assert "could not be written" in ended.err


@pytest.mark.browser
def test_a_real_browser_draws_it_light_and_dark_and_asks_nobody(made: Cli, tmp_path: Path) -> None:
    program = chromium()
    if program is None:
        pytest.skip("chromium is not installed: the page was not drawn by a real browser")
    path = tmp_path / "report.html"
    made("verify", "demo", "--report", str(path))
    light = visit(program, path, tmp_path / "light", dark=False)
    dark = visit(program, path, tmp_path / "dark", dark=True)
    assert light.picture.corner > 200
    assert dark.picture.corner < 60
    assert min(light.picture.colours, dark.picture.colours) > 50
    assert light.asked == dark.asked == set()
    assert "1 of 2 GPU nodes verified" in light.dom


@pytest.mark.browser
def test_the_browser_would_tell_of_a_request(tmp_path: Path) -> None:
    program = chromium()
    if program is None:
        pytest.skip("chromium is not installed: nothing was asked of a real browser")
    path = tmp_path / "page.html"
    path.write_text('<p>x<img src="http://picture.invalid/x.png">')
    seen = visit(program, path, tmp_path / "seen", dark=False)
    assert seen.asked == {"http://picture.invalid/x.png"}
