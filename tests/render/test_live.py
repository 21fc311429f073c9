from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import render_samples as samples

from ackgpu.clock import ManualClock
from ackgpu.engine.events import RunStarted, StepInfo, Warned
from ackgpu.render.layout import Pen
from ackgpu.render.live_frame import View, draw_frame
from ackgpu.render.progress import RunProgress
from ackgpu.render.terminal import Terminal
from ackgpu.streams import Streams

HIDE_CURSOR, SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"


def display(**terminal):
    streams = Streams.for_tests(terminal=True, **terminal)
    clock = ManualClock(samples.START)
    return streams, clock, Terminal(streams).of_run(clock)


def last_screen(text):
    """The lines after the last time that the display began to draw itself anew."""
    return text.replace("\r", "").rpartition("\x1b[2K")[2].splitlines()


def test_the_last_frame_stays_on_the_screen_and_the_cursor_comes_back():
    streams, clock, show = display(color="never")
    with show:
        story = samples.Story(show, clock=clock)
        samples.create_begins(story)
        samples.create_ends(story)
    out, err = streams.written()
    assert out == ""
    assert err.index(HIDE_CURSOR) < err.index(SHOW_CURSOR)
    assert err.rindex(SHOW_CURSOR) > err.rindex(HIDE_CURSOR)
    assert any("✓ gpu nodes" in line and "1 m 31 s" in line for line in last_screen(err))
    assert "9 of 9 done" in err


def break_off(show, clock):
    with show:
        samples.create_begins(samples.Story(show, clock=clock))
        raise RuntimeError


def test_an_exception_leaves_the_frame_and_gives_the_cursor_back():
    streams, clock, show = display(color="never")
    with pytest.raises(RuntimeError):
        break_off(show, clock)
    screen = streams.written()[1]
    assert screen.rindex(SHOW_CURSOR) > screen.rindex(HIDE_CURSOR)
    assert "left as it stands: Creating" in screen


def test_closing_twice_draws_once():
    streams, clock, show = display()
    samples.create_begins(samples.Story(show, clock=clock))
    show.close()
    before = streams.written()[1]
    show.close()
    assert streams.written()[1] == before


def test_a_warning_stands_above_the_display():
    streams, clock, show = display(color="never")
    with show:
        story = samples.Story(show, clock=clock)
        story.start()
        story.tell(Warned, message="the price of NAT is not known")
    assert "! the price of NAT is not known\n" in streams.written()[1].replace("\r", "")


def test_a_second_run_leaves_the_frame_of_the_first_alone():
    streams, clock, show = display(color="never")
    with show:
        story = samples.Story(show, clock=clock)
        samples.create_begins(story)
        samples.create_fails(story)
        story.start("delete")
        ended = streams.written()[1].index("3 of 9 done\n")
        begun = streams.written()[1].index("ackgpu delete demo")
    between = streams.written()[1][ended:begun]
    assert "\x1b[1A" not in between.partition(SHOW_CURSOR)[2]


def test_colours_only_repeat_what_the_text_says():
    streams, clock, show = display(color="always")
    with show:
        samples.create_begins(samples.Story(show, clock=clock))
    assert "\x1b[32m✓\x1b[0m" in streams.written()[1]


PROGRAM = """
import sys
sys.path.insert(0, {folder!r})
import render_samples as samples
from ackgpu.cancel import CancelToken
from ackgpu.cli.signals import ProcessSignals
from ackgpu.clock import SystemClock
from ackgpu.render.terminal import Terminal
from ackgpu.streams import Streams

streams, clock, token = Streams.system(), SystemClock(), CancelToken()
show = Terminal(streams).of_run(clock)
story = samples.Story(show)
with ProcessSignals().requesting(token, lambda code: show.close()):
    samples.create_begins(story)
    print("ready", flush=True)
    while True:
        clock.sleep(60)
"""


@pytest.mark.long
def test_a_second_ctrl_c_gives_the_cursor_back_even_while_a_frame_is_drawn():
    master, terminal = pty.openpty()
    env = {**os.environ, "TERM": "xterm", "PYTHONIOENCODING": "utf-8"}
    env.pop("CI", None)
    program = PROGRAM.format(folder=str(Path(__file__).parent))
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=terminal, env=env
    ) as process:
        os.close(terminal)
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGINT)
        # Two pending signals of one number are delivered once: the second is another.
        process.send_signal(signal.SIGTERM)
        screen = read_to_the_end(master)
        assert process.wait(timeout=60) in {130, 143}
    assert screen.rindex(SHOW_CURSOR) > screen.rindex(HIDE_CURSOR)


def read_to_the_end(master):
    parts = []
    try:
        while part := os.read(master, 65536):
            parts.append(part)
    except OSError:  # Linux says EIO where the other side is closed
        pass
    os.close(master)
    return b"".join(parts).decode()


def test_the_last_line_of_a_long_run_fits_into_eighty_columns():
    progress = RunProgress()
    steps = tuple(StepInfo(f"step {number}", "vpc", "") for number in range(12))
    begun = {"at": 0.0, "wall": samples.START, "verb": "create", "subject": "demo"}
    progress.apply(RunStarted(**begun, headline="", steps=steps))
    pen = Pen(width=80, colors=False, unicode=True)
    *_, before, last = draw_frame(progress, View(now=3599.0, lines=40), pen)
    assert last.plain == (
        "59 m 59 s · 0 of 12 done · Ctrl-C stops at a safe point, nothing is lost"
    )
    assert before.plain == "", "it is not laid on two lines"
