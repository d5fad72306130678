"""Voices, in the decoder process: any sound file, or the sound of a video, to mono at a steady loudness.

At most a moment more than MAX_SECONDS is ever decoded, however long the file is.
"""

import io
from collections.abc import Iterator
from typing import Any

import av
import av.audio
import av.container
import numpy as np

from engine.arrays import FloatMap, Samples
from engine.errors import Notice
from engine.intake.editing import fade
from engine.intake.loudness import level, without_drift
from engine.voice import (
    ANALYSIS_RATE,
    MAX_SECONDS,
    MIN_SECONDS,
    SOUND_RATES,
    VOICE_CUT,
    Voice,
    VoiceAbsent,
    VoiceDamaged,
    VoiceEmpty,
    VoiceTooShort,
    VoiceUnknown,
)

SLACK = 0.1  # s over MAX_SECONDS that are let go without a word: the padding of codecs
CHANNELS = 8  # more are left out
RATES = (
    2_000,
    768_000,
)  # Hz that recordings have; at a claimed 10^9 a resampler computes its filter for minutes
LOUDEST = 1e12  # times full scale; floats go on to 1e38, whose squares are infinite
CANCELLED = 0.4  # a mean of channels quieter than this part of the loudest one has lost its voice
# Demuxers that files are given to. Playlists (hls, concat, dash) are none of them: they open other files.
DEMUXERS = "aac,aiff,amr,caf,flac,matroska,mov,mp3,ogg,wav"
# Titles in another encoding than UTF-8 must not cost the voice; PyAV keeps them as they are from 19 on.
TAGS_MAY_BE_NONSENSE: dict[str, Any] = (
    {} if int(av.__version__.split(".")[0]) >= 19 else {"metadata_errors": "ignore"}
)

Block = FloatMap
"""Decoded sound, float32 (channels, samples)."""


def decode_voice(data: bytes) -> Voice:
    """Decode a voice; see `Decoder.voice`."""
    if not any(data[:4096]):
        raise VoiceEmpty("nothing but zeros at the start")
    if not is_sound(data):
        raise VoiceUnknown(f"first bytes {data[:12]!r}")
    channels, rate = _decoded(data)
    mono = _mono(channels)
    seconds = len(mono) / rate
    if seconds < MIN_SECONDS:
        raise VoiceTooShort(f"{seconds:.3f} s", needed=MIN_SECONDS)
    notices = (Notice(VOICE_CUT, (("seconds", MAX_SECONDS),)),) if seconds > MAX_SECONDS + SLACK else ()
    mono = mono[: MAX_SECONDS * rate]
    sound = fade(level(without_drift(mono, rate), rate), rate)
    return Voice(resampled(sound, rate, ANALYSIS_RATE), sound, rate, notices)


def is_sound(data: bytes) -> bool:
    """Whether the first bytes are those of a sound or video file that we read."""
    if data.startswith((b"OggS", b"fLaC", b"ID3", b"\x1a\x45\xdf\xa3", b"#!AMR", b"caff")):
        return True
    if data[:4] in {b"RIFF", b"RF64"}:
        return data[8:12] == b"WAVE"
    if data[:4] == b"FORM":
        return data[8:12] in {b"AIFF", b"AIFC"}
    if data[4:8] in {b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"}:
        return True
    return len(data) > 2 and data[0] == 0xFF and data[1] & 0xE0 == 0xE0  # MP3 and AAC frames


def _decoded(data: bytes) -> tuple[Block, int]:
    """Decode the first sound track of a known codec to (channels, samples) float32 at one of SOUND_RATES."""
    options = {"format_whitelist": DEMUXERS, "protocol_whitelist": "none"}
    try:
        with av.open(io.BytesIO(data), "r", options=options, **TAGS_MAY_BE_NONSENSE) as container:
            if not container.streams.audio:
                if container.streams.video:
                    raise VoiceAbsent("no audio stream")
                raise VoiceDamaged("no stream")
            tracks = [track for track in container.streams.audio if track.codec_context]
            if not tracks:
                raise VoiceDamaged("sound of an unknown codec")
            track = tracks[0]
            rate = track.rate
            rate = rate if rate in SOUND_RATES else max(SOUND_RATES)
            blocks = list(_blocks(container, track, rate))
    except (av.error.FFmpegError, ValueError) as fault:
        raise VoiceDamaged(f"{type(fault).__name__}: {fault}") from fault
    if not blocks:
        raise VoiceEmpty("zero seconds of sound")
    width = blocks[0].shape[0]
    same = [block if block.shape[0] == width else _widened(block, width) for block in blocks]
    whole = np.nan_to_num(np.concatenate(same, axis=1), copy=False, posinf=0, neginf=0)
    return np.clip(whole, -LOUDEST, LOUDEST, out=whole), rate


def _blocks(
    container: av.container.InputContainer, track: av.audio.stream.AudioStream, rate: int
) -> Iterator[Block]:
    """Decode frame by frame until there is enough.

    Raises
    ------
    VoiceDamaged
        at a sampling rate that no recording has
    """
    wanted = int((MAX_SECONDS + 2 * SLACK) * rate)
    track.codec_context.thread_count = 1
    resampler: av.AudioResampler | None = None
    shape = None
    for frame in _frames(container, track):
        frame.pts = None  # times of the file are not needed, and may be nonsense
        heard: list[av.AudioFrame] = []
        if resampler is None or (frame.format.name, frame.layout.name, frame.sample_rate) != shape:
            shape = (frame.format.name, frame.layout.name, frame.sample_rate)
            if not RATES[0] <= frame.sample_rate <= RATES[1]:
                raise VoiceDamaged(f"sound at {frame.sample_rate} Hz")
            heard += resampler.resample(None) if resampler else []
            resampler = av.AudioResampler("flt", frame.layout, rate)
        heard += resampler.resample(frame)
        for block in _arrays(heard):
            yield block
            wanted -= block.shape[1]
        if wanted <= 0:
            return
    if resampler:
        yield from _arrays(resampler.resample(None))


def _frames(
    container: av.container.InputContainer, track: av.audio.stream.AudioStream
) -> Iterator[av.AudioFrame]:
    """Every frame that can be decoded; one that cannot is left out, as players do.

    Raises
    ------
    VoiceDamaged
        when there are some and none can
    """
    packets = container.demux(track)
    heard, damage = False, ""
    while True:
        try:
            packet = next(packets)
            for frame in packet.decode():
                heard = True
                yield frame
        except (StopIteration, av.error.EOFError):
            break
        except av.error.InvalidDataError as fault:
            damage = str(fault)
    if damage and not heard:
        raise VoiceDamaged(damage)


def _arrays(frames: list[av.AudioFrame]) -> Iterator[Block]:
    """Samples of interleaved float frames; PyAV counts the planes of eight channels wrongly."""
    for frame in frames:
        interleaved = frame.to_ndarray().reshape(-1, frame.layout.nb_channels)
        yield interleaved.T[:CHANNELS].astype(np.float32, copy=False)


def _widened(block: Block, width: int) -> Block:
    """A piece with another number of channels (joined recordings): its mean in each channel."""
    return np.broadcast_to(block.mean(axis=0), (width, block.shape[1])).astype(np.float32)


def _mono(channels: Block) -> Samples:
    """Mean of the channels, or the loudest one where the mean cancels it (a microphone wired wrongly)."""
    mean: Samples = channels.mean(axis=0)
    power = np.square(channels).mean(axis=1) if channels.size else np.zeros(1)
    loudest = int(power.argmax())
    if channels.size and np.square(mean).mean() < CANCELLED**2 * power[loudest]:
        alone: Samples = channels[loudest].copy()
        return alone
    return mean


def resampled(sound: Samples, rate: int, wanted: int) -> Samples:
    """Resample to exactly the length that `wanted` Hz give, at least one sample."""
    if rate == wanted:
        return sound
    frame = av.AudioFrame.from_ndarray(sound[np.newaxis], format="fltp", layout="mono")
    frame.sample_rate = rate
    resampler = av.AudioResampler("flt", "mono", wanted)
    pieces = [block[0] for block in _arrays([*resampler.resample(frame), *resampler.resample(None)])]
    length = max(1, round(len(sound) * wanted / rate))
    resampled = np.concatenate(pieces)[:length]
    full: Samples = np.clip(np.pad(resampled, (0, length - len(resampled))), -1, 1).astype(np.float32)
    return full
