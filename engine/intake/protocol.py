"""The words between the engine and a decoder process: a JSON header, then raw bytes.

A message is four bytes (length of the header, big-endian), the header, and the payload whose length follows
from the header. Nothing in it can run code; the reader decides from the header how much it is ready to take.
"""

import json
import struct
from collections.abc import Iterable
from typing import Any, BinaryIO

import numpy as np

from engine.arrays import Pixels, Samples
from engine.errors import Notice, PersonProblem
from engine.photo import (
    FIRST_FRAME,
    LONG_SIDE,
    Photo,
    PhotoDamaged,
    PhotoTooHeavy,
    PhotoTooLarge,
    PhotoTooSmall,
    PhotoUnknown,
)
from engine.voice import (
    ANALYSIS_RATE,
    MAX_SECONDS,
    SOUND_RATES,
    VOICE_CUT,
    Voice,
    VoiceAbsent,
    VoiceDamaged,
    VoiceEmpty,
    VoiceSilent,
    VoiceTooHeavy,
    VoiceTooShort,
    VoiceUnknown,
)

MAX_HEADER = 65_536  # bytes
PROBLEMS: dict[str, type[PersonProblem]] = {
    problem.message_id: problem
    for problem in (
        *(PhotoUnknown, PhotoDamaged, PhotoTooSmall, PhotoTooLarge, PhotoTooHeavy),
        *(VoiceEmpty, VoiceUnknown, VoiceDamaged, VoiceAbsent, VoiceSilent, VoiceTooShort, VoiceTooHeavy),
    )
}
NOTICES = {FIRST_FRAME, VOICE_CUT}

Header = dict[str, Any]


class Garbled(ValueError):
    """The other side said something that the protocol does not know; never trust it again."""


def send(stream: BinaryIO, header: Header, payload: Iterable[bytes | memoryview] = ()) -> None:
    """Write one message."""
    encoded = json.dumps(header).encode()
    stream.write(struct.pack(">I", len(encoded)) + encoded)
    for part in payload:
        stream.write(part)
    stream.flush()


def receive(stream: BinaryIO) -> Header:
    """Read the header of a message; its payload is left in the stream.

    Raises
    ------
    EOFError
        when the other side is gone
    Garbled
        when it is no header
    """
    (length,) = struct.unpack(">I", read_exactly(stream, 4))
    if length > MAX_HEADER:
        raise Garbled(f"header of {length} bytes")
    header = json.loads(read_exactly(stream, length))
    if not isinstance(header, dict):
        raise Garbled("header is no object")
    return header


def read_exactly(stream: BinaryIO, length: int) -> bytes:
    """Read `length` bytes or raise EOFError."""
    data = stream.read(length)
    if len(data) < length:
        raise EOFError
    return data


def send_photo(stream: BinaryIO, photo: Photo) -> None:
    """Answer with a photo."""
    height, width, _ = photo.pixels.shape
    header = {"height": height, "width": width, "notices": _notices_out(photo.notices)}
    send(stream, header, [np.ascontiguousarray(photo.pixels).data])


def receive_photo(stream: BinaryIO, header: Header) -> Photo:
    """Read a photo whose header was received; sizes beyond what a decoder may send are Garbled."""
    height, width = _within(header["height"], 1, LONG_SIDE), _within(header["width"], 1, LONG_SIDE)
    pixels: Pixels = np.empty((height, width, 3), np.uint8)
    _fill(stream, pixels)
    return Photo(pixels, _notices_in(header))


def send_voice(stream: BinaryIO, voice: Voice) -> None:
    """Answer with a voice."""
    header = {
        "analysis": len(voice.analysis),
        "sound": len(voice.sound),
        "rate": voice.sound_rate,
        "notices": _notices_out(voice.notices),
    }
    send(stream, header, [np.ascontiguousarray(voice.analysis).data, np.ascontiguousarray(voice.sound).data])


def receive_voice(stream: BinaryIO, header: Header) -> Voice:
    """Read a voice whose header was received; lengths beyond what a decoder may send are Garbled."""
    rate = header["rate"]
    if rate not in SOUND_RATES:
        raise Garbled(f"sound at {rate} Hz")
    analysis: Samples = np.empty(_within(header["analysis"], 1, MAX_SECONDS * ANALYSIS_RATE), np.float32)
    sound: Samples = np.empty(_within(header["sound"], 1, MAX_SECONDS * rate), np.float32)
    _fill(stream, analysis)
    _fill(stream, sound)
    if not (np.isfinite(analysis).all() and np.isfinite(sound).all()):
        raise Garbled("sound that is no number")
    return Voice(analysis, sound, rate, _notices_in(header))


def send_problem(stream: BinaryIO, problem: PersonProblem, last: bool = False) -> None:
    """Answer that the bytes cannot be used; `last` says that the sender ends now."""
    header = {
        "problem": problem.message_id,
        "detail": problem.detail[:1000],
        "values": problem.values,
        "last": last,
    }
    send(stream, header)


def problem_in(header: Header) -> PersonProblem | None:
    """Return the problem that a header names, if it names one."""
    name = header.get("problem")
    if name is None:
        return None
    if name not in PROBLEMS:
        raise Garbled(f"problem {name!r}")
    values = {
        str(key): value for key, value in dict(header["values"]).items() if isinstance(value, (int, float))
    }
    return PROBLEMS[name](str(header["detail"])[:1000], **values)


def _fill(stream: BinaryIO, array: Pixels | Samples) -> None:
    flat = array.reshape(-1).view(np.uint8)
    flat[:] = np.frombuffer(read_exactly(stream, flat.size), np.uint8)


def _within(value: object, low: int, high: int) -> int:
    if not isinstance(value, int) or not low <= value <= high:
        raise Garbled(f"size {value!r} is not in {low}..{high}")
    return value


def _notices_out(notices: tuple[Notice, ...]) -> list[Any]:
    return [[notice.message_id, dict(notice.values)] for notice in notices]


def _notices_in(header: Header) -> tuple[Notice, ...]:
    notices = []
    for name, values in header["notices"]:
        if name not in NOTICES:
            raise Garbled(f"notice {name!r}")
        numbers = {str(key): value for key, value in dict(values).items() if isinstance(value, (int, float))}
        notices.append(Notice(name, tuple(numbers.items())))
    return tuple(notices)
