"""One canonical encoding for everything that is hashed, signed or sent: MessagePack arrays (msgspec).

A value is a ``msgspec.Struct`` with ``frozen=True, array_like=True, forbid_unknown_fields=True``; its fields are
written in order, without names. ``decode`` accepts only the bytes that ``encode`` would write, so one value has one
hash.
"""

from typing import TypeVar

import msgspec

from chain.errors import InvalidEncoding

T = TypeVar("T")
_encoder = msgspec.msgpack.Encoder()
_decoders: dict[object, msgspec.msgpack.Decoder[object]] = {}


def encode(value: object) -> bytes:
    """Return the canonical bytes of a value."""
    return _encoder.encode(value)


def decode(kind: type[T], data: bytes) -> T:
    """Return the value of type ``kind`` whose canonical bytes are ``data``. Raises InvalidEncoding."""
    decoder = _decoders.get(kind)
    if decoder is None:
        decoder = _decoders[kind] = msgspec.msgpack.Decoder(kind)
    name = getattr(kind, "__name__", str(kind))
    try:
        value = decoder.decode(data)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise InvalidEncoding("encoding", data[:24].hex(), f"the canonical bytes of a {name} ({error})") from None
    if _encoder.encode(value) != data:
        raise InvalidEncoding("encoding", data[:24].hex(), f"the one canonical encoding of a {name}")
    return value  # type: ignore[return-value]  # the decoder for `kind` returns a `kind`
