from __future__ import annotations

import json

import pytest
import render_samples as samples

from ackgpu.clock import ManualClock
from ackgpu.engine.events import Tick, Warned
from ackgpu.render.terminal import Terminal
from ackgpu.streams import Streams


def shown(output="table", *, quiet=False, verbose=False, **terminal):
    streams = Streams.for_tests(**terminal)
    clock = ManualClock(samples.START)
    with Terminal(streams, output, quiet, verbose).of_run(clock) as show:
        story = samples.Story(show, clock=clock)
        samples.create_begins(story)
        samples.create_ends(story)
    return streams.written()


@pytest.mark.parametrize("output", ["table", "json", "yaml", "name"])
def test_progress_never_reaches_stdout(output):
    for terminal in (True, False):
        assert shown(output, terminal=terminal)[0] == ""


@pytest.mark.parametrize(
    "terminal",
    [
        {},
        {"terminal": True, "env": {"CI": "true"}},
        {"terminal": True, "env": {"TERM": "dumb"}},
    ],
    ids=["pipe", "CI", "dumb"],
)
def test_without_a_terminal_that_moves_there_are_plain_lines(terminal):
    err = shown(**terminal)[1]
    assert "T12:00:03Z vpc created vpc-bp1k8aevy8sofi8mh1q" in err
    assert "\x1b" not in err


def test_a_terminal_gets_the_live_display():
    assert "\x1b[?25l" in shown(terminal=True)[1]


def test_verbose_leaves_the_terminal_to_the_lines_of_the_calls():
    assert "\x1b[?25l" not in shown(terminal=True, verbose=True)[1]


def test_no_color_keeps_the_live_display_and_takes_its_colours():
    err = shown(terminal=True, env={"NO_COLOR": "1"})[1]
    assert "\x1b[?25l" in err
    assert "\x1b[32m" not in err


def test_quiet_keeps_the_warnings():
    out, err = shown(quiet=True, terminal=True, color="never")
    assert out == ""
    assert err == "! cluster: ACK reports the state 'upgrading', unknown to ackgpu\n"


def test_jsonl_writes_events_to_stdout_even_when_quiet_and_nothing_to_stderr():
    out, err = shown("jsonl", quiet=True, terminal=True)
    events = [json.loads(line) for line in out.splitlines()]
    assert err == ""
    assert events[0]["type"] == "RunStarted"
    assert events[-1]["type"] == "RunFinished"


def heartbeats(*, speed, ticks, seconds):
    """Lines that ticks alone bring forth; ``speed`` cloud seconds pass in a real one."""
    streams = Streams.for_tests()
    clock = ManualClock(samples.START)
    show = Terminal(streams).of_run(clock)
    for number in range(ticks):
        wall = clock.wall()
        show(Tick(at=number * seconds * speed, wall=wall, waiting=(("cluster", "initial", 70.0),)))
        clock.advance(seconds)
    return streams.written()[1].splitlines()


@pytest.mark.parametrize("speed", [1, 60])
def test_there_is_a_heartbeat_each_real_minute(speed):
    lines = heartbeats(speed=speed, ticks=601, seconds=0.5)
    assert len(lines) == 5
    assert lines[0] == "2026-11-24T12:00:55Z waiting: cluster initial 1 m"


def test_a_line_puts_the_heartbeat_off():
    streams = Streams.for_tests()
    clock = ManualClock(samples.START)
    show = Terminal(streams).of_run(clock)
    for _ in range(5):
        show(Warned(at=0, wall=clock.wall(), message="hm"))
        clock.advance(50)
        show(Tick(at=0, wall=clock.wall(), waiting=()))
    assert "waiting" not in streams.written()[1]
