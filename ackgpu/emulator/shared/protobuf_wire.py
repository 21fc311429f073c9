"""The wire format of Protocol Buffers (protobuf.dev, "Encoding"): fields read and written."""

from __future__ import annotations

from collections.abc import Iterator

VARINT, BYTES = 0, 2
FIXED = {1: 8, 5: 4}  # wire types of a fixed number of bytes
MORE = 0x80  # the bit of a varint that says: another byte follows


def read_fields(data: bytes) -> Iterator[tuple[int, bytes | int]]:
    """Field numbers and raw values, in order; ValueError or IndexError for what is no message."""
    at = 0
    while at < len(data):
        tag, at = _read_varint(data, at)
        number, wire = tag >> 3, tag & 7
        if wire == VARINT:
            value, at = _read_varint(data, at)
            yield number, value
        elif wire == BYTES:
            size, at = _read_varint(data, at)
            if at + size > len(data):
                raise ValueError("a field ends behind the message")
            yield number, data[at : at + size]
            at += size
        elif wire in FIXED:
            size = FIXED[wire]
            yield number, data[at : at + size]
            at += size
        else:
            raise ValueError(f"wire type {wire}")


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if not byte & 0x80:
            return value, at
        shift += 7


def block(number: int, payload: bytes) -> bytes:
    """A field that is bytes, or a message."""
    return _written_varint(number << 3 | 2) + _written_varint(len(payload)) + payload


def text(number: int, value: str) -> bytes:
    """A field that is a string."""
    return block(number, value.encode())


def _written_varint(value: int) -> bytes:
    out = bytearray()
    while value >= MORE:
        out.append(value % MORE | MORE)
        value >>= 7
    return bytes([*out, value])
