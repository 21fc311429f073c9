"""Answers that never stop coming, byte by byte: no timeout between two bytes ends them."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from ackgpu import errors
from ackgpu.call_timeout import LEFT_ALONE, give_up_after
from ackgpu.cloud.aliyun import transport
from ackgpu.cloud.aliyun.cloud import AliyunCloud
from ackgpu.cloud.kube import document
from ackgpu.cloud.kube.client import connect
from ackgpu.cloud.kube.insistence import TooSlow

Cloud = Callable[..., AliyunCloud]

BODY = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n"
HEAD = b"HTTP/1.1 200 OK\r\nX-Long: "
BETWEEN_BYTES = 0.02


@contextmanager
def dripping(beginning: bytes) -> Iterator[tuple[str, list[str]]]:
    """The URL of a server that begins its answers so and goes on a byte at a time; who asked."""
    listening = socket.create_server(("127.0.0.1", 0))
    ended = threading.Event()
    asked: list[str] = []
    threads: list[threading.Thread] = []

    def drip(connection: socket.socket) -> None:
        with connection:
            asked.append(connection.recv(65536).decode().partition("\r\n")[0])
            connection.sendall(beginning)
            while not ended.wait(BETWEEN_BYTES):
                try:
                    connection.sendall(b" ")
                except OSError:
                    return

    def serve() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            threads.append(threading.Thread(target=drip, args=(connection,)))
            threads[-1].start()

    threads.append(threading.Thread(target=serve))
    threads[0].start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", asked
    finally:
        ended.set()
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        for thread in threads:
            thread.join(5)
        for thread in threading.enumerate():  # the calls that were left alone, whose answer ended
            if thread.name == LEFT_ALONE:
                thread.join(5)
        transport.close_sessions()


@pytest.mark.parametrize("beginning", [BODY, HEAD], ids=["the body", "the head"])
def test_an_answer_that_drips_is_given_up(cloud_at: Cloud, beginning: bytes) -> None:
    with dripping(beginning) as (url, asked):
        containers = cloud_at(url, 0.3).containers
        with pytest.raises(errors.LostReply, match=r"it was not complete after 0\.3 s") as caught:
            containers.delete_node_pool("c1", "np1")
    assert "may have been carried out" in caught.value.message
    assert asked


def test_an_api_server_whose_answer_drips_is_given_up() -> None:
    with dripping(BODY) as (url, asked):
        config = document.dump(document.single("c", {}, {"server": url}, {"token": "t"}))
        with pytest.raises(TooSlow, match=r"it was not complete after 0\.3 s"):
            connect(config, call_seconds=0.3).nodes()
    limits = [int(line.split("limit=")[1].split()[0]) for line in asked]
    assert limits == [250, 62, 20], "less is asked for each time, and no more than three times"


def test_a_call_that_ends_in_time_gives_its_result_or_its_error() -> None:
    assert give_up_after(5, lambda: "done") == "done"
    assert give_up_after(5, lambda: None) is None
    with pytest.raises(KeyError, match="it"):
        give_up_after(5, lambda: {}["it"])
