"""A shell at a terminal: what is typed is echoed, one line is run at a time."""

from __future__ import annotations

from collections.abc import Callable

from ackgpu.emulator.container.channels import Channel
from ackgpu.emulator.container.machine import CommandOutcome, Machine
from ackgpu.emulator.container.shell import run_script


async def converse(channel: Channel, machine: Machine, keep: Callable[[], None]) -> int:
    """Run what is typed until ``exit`` or ^D; the exit code. ``keep``: called after each line."""
    line, code = "", 0
    await channel.write(_prompt(machine))
    while (piece := await channel.read()) is not None:
        for char in piece.decode(errors="replace"):
            if char == "\x04" and not line:
                await channel.write(b"exit\r\n")
                return code
            if char not in "\r\n":
                line = await _typed(channel, machine, line, char)
                continue
            await channel.write(b"\r\n")
            text, line = line.strip(), ""
            outcome = run_script(machine, text, b"") if text else CommandOutcome(code=code)
            code = outcome.code
            machine.env["?"] = str(code)
            await channel.write((outcome.out + outcome.err).replace(b"\n", b"\r\n"))
            keep()
            if text.split()[:1] in (["exit"], ["logout"]):
                return code
            await channel.write(_prompt(machine))
    return code


async def _typed(channel: Channel, machine: Machine, line: str, char: str) -> str:
    """Take one typed character into the line, and echo it."""
    if char == "\x03":
        await channel.write(b"^C\r\n" + _prompt(machine))
        return ""
    if char in "\x7f\b":
        await channel.write(b"\b \b" if line else b"")
        return line[:-1]
    if not char.isprintable():
        return line
    await channel.write(char.encode())
    return line + char


def _prompt(machine: Machine) -> bytes:
    return f"root@{machine.hostname}:{machine.cwd}# ".encode()
