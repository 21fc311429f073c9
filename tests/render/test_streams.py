from __future__ import annotations

import io
import os
import subprocess
import sys
from dataclasses import replace

import pytest

from ackgpu.errors import LocalError, UsageError
from ackgpu.streams import DEFAULT_SIZE, Streams


@pytest.mark.parametrize(
    ("color", "env", "terminal", "expected"),
    [
        ("auto", {}, True, True),
        ("auto", {}, False, False),
        ("auto", {"NO_COLOR": "1"}, True, False),
        ("auto", {"NO_COLOR": ""}, True, True),
        ("auto", {"TERM": "dumb"}, True, False),
        ("auto", {"CI": "true"}, True, False),
        ("always", {"NO_COLOR": "1", "TERM": "dumb"}, False, True),
        ("never", {}, True, False),
    ],
)
def test_the_flag_then_the_environment_then_the_terminal_decide_on_colours(
    color, env, terminal, expected
):
    streams = Streams.for_tests(color=color, env=env, terminal=terminal)
    assert streams.colors(streams.out) is expected


@pytest.mark.parametrize(
    ("env", "terminal", "expected"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"CI": "1"}, True, False),
        ({"CI": "false"}, True, True),
        ({"TERM": "dumb"}, True, False),
        ({"NO_COLOR": "1"}, True, True),
    ],
)
def test_a_display_moves_only_on_a_terminal_that_can(env, terminal, expected):
    assert Streams.for_tests(env=env, terminal=terminal).can_animate is expected


@pytest.mark.parametrize(
    ("encoding", "expected"), [("utf-8", True), ("ascii", False), ("latin-1", False)]
)
def test_symbols_are_drawn_only_where_the_encoding_has_them(encoding, expected):
    streams = Streams.for_tests(encoding=encoding)
    assert streams.unicode(streams.out) is expected


def test_a_pipe_has_no_width_and_a_terminal_has_its_own():
    piped, terminal = Streams.for_tests(), Streams.for_tests(terminal=True, size=(132, 50))
    assert piped.size_of(piped.out)[0] > 1000
    assert terminal.size_of(terminal.out) == (132, 50)


def test_a_terminal_that_does_not_tell_its_size_is_taken_for_a_usual_one():
    buffers = Streams.for_tests(terminal=True)
    streams = Streams(buffers.out, buffers.err, buffers.stdin, terminal=True)
    assert streams.size_of(streams.out) == DEFAULT_SIZE


@pytest.mark.parametrize(
    ("typed", "expected"),
    [("y\n", True), ("YES\n", True), ("n\n", False), ("\n", False), ("", False), ("yep\n", False)],
)
def test_only_y_or_yes_confirms(typed, expected):
    streams = Streams.for_tests(typed=typed, terminal=True)
    assert streams.confirm("Delete demo?") is expected
    end = "" if typed else "\n"  # after Ctrl-D the cursor still stands behind the question
    assert streams.written() == ("", f"Delete demo? [y/N] {end}")


class Interrupting(io.StringIO):
    def readline(self, size=-1, /):
        raise KeyboardInterrupt


def test_what_follows_an_interrupted_question_begins_on_a_line_of_its_own():
    buffers = Streams.for_tests()
    streams = Streams(buffers.out, buffers.err, Interrupting(), terminal=True)
    with pytest.raises(KeyboardInterrupt):
        streams.confirm("Delete demo?")
    assert streams.written() == ("", "Delete demo? [y/N] \n")


@pytest.mark.parametrize(("typed", "expected"), [("demo\n", True), ("Demo\n", False), ("", False)])
def test_the_name_must_be_typed_as_it_is(typed, expected):
    streams = Streams.for_tests(typed=typed, terminal=True)
    assert streams.type_name("Type the cluster's name to go on:", "demo") is expected


@pytest.mark.parametrize(
    "streams",
    [
        Streams.for_tests(typed="y\n"),
        replace(Streams.for_tests(typed="y\n", terminal=True), no_input=True),
    ],
    ids=["no terminal", "no input"],
)
def test_nobody_is_asked_where_nobody_can_answer(streams):
    with pytest.raises(UsageError) as caught:
        streams.confirm("Delete demo?")
    assert "--yes" in (caught.value.resolution or "")
    assert caught.value.exits_with == 2
    assert streams.written() == ("", "")


def test_what_the_encoding_lacks_does_not_end_the_program():
    streams = Streams.for_tests(encoding="ascii")
    streams.write(streams.out, "训练 ok\n")
    assert streams.written()[0] == "?? ok\n"


def test_a_reader_that_goes_away_is_no_error():
    program = (
        "from ackgpu.streams import Streams\n"
        "s = Streams.system()\n"
        "for _ in range(9000): s.write(s.out, 'x' * 100 + '\\n')\n"
        "s.write(s.err, 'done')\n"
    )
    reader, writer = os.pipe()
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=writer, stderr=subprocess.PIPE
    ) as process:
        os.close(writer)
        os.read(reader, 10)
        os.close(reader)
        _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, b"done")


def test_streams_that_the_caller_closed_are_no_error():
    program = (
        "from ackgpu.streams import Streams\n"
        "s = Streams.system()\n"
        "s.write(s.err, 'talk')\n"
        "assert not s.can_animate\n"
        "s.write(s.out, 'done')\n"
    )
    command = [sys.executable, "-c", program]
    shell = ["/bin/sh", "-c", 'exec "$@" 2>&- <&-', "sh", *command]
    finished = subprocess.run(shell, stdout=subprocess.PIPE, timeout=60, check=False)
    assert (finished.returncode, finished.stdout) == (0, b"done")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")  # noqa: PTH110
def test_a_result_that_cannot_be_written_is_reported_and_talk_is_not():
    with open("/dev/full", "w") as out, open("/dev/full", "w") as err:  # noqa: PTH123
        streams = Streams(out, err, sys.stdin)
        streams.write(err, "talk")
        with pytest.raises(LocalError, match="could not be written"):
            streams.write(out, "result")
