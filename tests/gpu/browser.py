"""A headless Chromium: what it draws of a page, and what it asks of the network meanwhile."""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
import zlib
from dataclasses import dataclass
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-default-apps", "--disable-extensions", "--host-resolver-rules=MAP * ~NOTFOUND",
)  # fmt: skip
BROWSER = "not an origin"
DARK = ("--force-dark-mode", "--blink-settings=preferredColorScheme=0")


def chromium() -> str | None:
    """The program, or None where there is none."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@dataclass(frozen=True)
class Picture:
    """A screenshot; ``rows`` are lines of RGB bytes."""

    width: int
    rows: list[bytes]

    @property
    def corner(self) -> int:
        """How bright the page's ground is, 0 to 255."""
        return sum(self.rows[2][6:9]) // 3

    @property
    def colours(self) -> int:
        """How many colours there are."""
        return len({row[at : at + 3] for row in self.rows[::3] for at in range(0, len(row), 3)})


@dataclass(frozen=True)
class Seen:
    """What came of a visit."""

    picture: Picture
    dom: str
    asked: set[str]


def visit(program: str, page: Path, folder: Path, *, dark: bool, width: int = 600) -> Seen:
    """Draw a page; ``asked`` are the addresses that it wanted something from."""
    folder.mkdir()
    log, shot = folder / "net.json", folder / "shot.png"
    common = [program, *FLAGS, *(DARK if dark else ()), f"--user-data-dir={folder / 'profile'}"]
    subprocess.run(
        [*common, f"--window-size={width},700", f"--log-net-log={log}", f"--screenshot={shot}",
         page.as_uri()],
        check=True, capture_output=True, timeout=90,
    )  # fmt: skip
    dom = subprocess.run(
        [*common, "--dump-dom", page.as_uri()], check=True, capture_output=True, text=True,
        timeout=90,
    )  # fmt: skip
    return Seen(read_png(shot.read_bytes()), dom.stdout, _asked(log))


def _asked(log: Path) -> set[str]:
    """What the page asked for. The browser's own errands have no origin."""
    events = json.loads(log.read_text(encoding="utf-8"))["events"]
    asked = [event.get("params") or {} for event in events]
    by_page = [row for row in asked if row.get("initiator", BROWSER) != BROWSER]
    urls = (str(row.get("url", "")) for row in by_page)
    return {url for url in urls if url.startswith(("http:", "https:", "ws:", "wss:"))}


def read_png(data: bytes) -> Picture:
    """An 8-bit RGB or RGBA picture (PNG specification, filters 0 to 4)."""
    at, packed = 8, b""
    width, _, _, kind = struct.unpack(">IIBB", data[16:26])
    while at < len(data):
        (size,) = struct.unpack(">I", data[at : at + 4])
        if data[at + 4 : at + 8] == b"IDAT":
            packed += data[at + 8 : at + 8 + size]
        at += size + 12
    step = {2: 3, 6: 4}[kind]
    raw, line = zlib.decompress(packed), width * step + 1
    rows: list[bytes] = []
    before = bytes(width * step)
    for start in range(0, len(raw), line):
        before = _unfiltered(raw[start], raw[start + 1 : start + line], before, step)
        pixels = [before[at : at + 3] for at in range(0, len(before), step)]
        rows.append(b"".join(pixels))
    return Picture(width, rows)


def _unfiltered(kind: int, line: bytes, above: bytes, step: int) -> bytes:
    out = bytearray(line)
    for at in range(len(out)):
        left = out[at - step] if at >= step else 0
        up, corner = above[at], above[at - step] if at >= step else 0
        if kind == 1:
            out[at] = (out[at] + left) & 255
        elif kind == 2:
            out[at] = (out[at] + up) & 255
        elif kind == 3:
            out[at] = (out[at] + (left + up) // 2) & 255
        elif kind == 4:
            guess = left + up - corner
            nearest = min((left, up, corner), key=lambda value: abs(guess - value))
            out[at] = (out[at] + nearest) & 255
    return bytes(out)
