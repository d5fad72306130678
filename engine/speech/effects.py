"""What a voice can be turned into for the video: higher, deeper, a robot, an echo. The lips stay as they are.

libavfilter does the work, in memory; every effect keeps length and timing.
"""

from dataclasses import replace
from enum import StrEnum
from types import MappingProxyType

import av
import numpy as np
from av.filter import Graph

from engine.arrays import Samples
from engine.intake.loudness import level
from engine.voice import Voice

_SHIFT = 1.26  # four semitones: another person, still clear
_ROBOT_WINDOW = 512  # samples at 24 kHz; with an overlap of 3/4 a hum of 187.5 Hz
_BLOCK = 4096  # samples a frame


class Effect(StrEnum):
    """What is done with the sound of a voice."""

    NONE = "none"
    HIGHER = "higher"
    DEEPER = "deeper"
    ROBOT = "robot"
    ECHO = "echo"


Filters = tuple[tuple[str, str], ...]


def _shifted(factor: float, rate: int) -> Filters:
    """Play faster or slower, then bring the tempo back."""
    return (("asetrate", str(round(rate * factor))), ("aresample", str(rate)), ("atempo", str(1 / factor)))


def _filters(effect: Effect, rate: int) -> Filters:
    hum = "hypot(re,im)"  # every window begins at phase 0: all pitch becomes that of their sequence
    robot = f"real='{hum}':imag='0':win_size={_ROBOT_WINDOW}:overlap=0.75"
    return MappingProxyType(
        {
            Effect.NONE: (),
            Effect.HIGHER: _shifted(_SHIFT, rate),
            Effect.DEEPER: _shifted(1 / _SHIFT, rate),
            Effect.ROBOT: (("aresample", "24000"), ("afftfilt", robot), ("aresample", str(rate))),
            Effect.ECHO: (("aecho", "0.8:0.8:190|380:0.35|0.18"),),
        }
    )[effect]


def with_effect(voice: Voice, effect: Effect) -> Voice:
    """Change the sound of a voice, not its analysis; it stays as long and as loud."""
    if effect is Effect.NONE:
        return voice
    rate = voice.sound_rate
    changed = _filtered(voice.sound, rate, _filters(effect, rate))[: len(voice.sound)]
    whole = np.pad(changed, (0, len(voice.sound) - len(changed)))
    return replace(voice, sound=level(whole, rate))


def _filtered(sound: Samples, rate: int, filters: Filters) -> Samples:
    graph = Graph()
    source = graph.add_abuffer(format="flt", sample_rate=rate, layout="mono")
    nodes = [source, *(graph.add(name, options) for name, options in filters)]
    graph.link_nodes(*nodes, graph.add("aformat", "sample_fmts=flt"), graph.add("abuffersink")).configure()
    for start in range(0, len(sound), _BLOCK):
        block = np.ascontiguousarray(sound[np.newaxis, start : start + _BLOCK])
        frame = av.AudioFrame.from_ndarray(block, format="flt", layout="mono")
        frame.sample_rate, frame.pts = rate, start
        graph.push(frame)
    graph.push(None)
    pieces: list[Samples] = []
    while True:
        try:
            pulled = graph.pull()
        except (av.error.EOFError, av.error.BlockingIOError):
            return np.concatenate(pieces) if pieces else np.zeros(0, np.float32)
        if isinstance(pulled, av.AudioFrame):
            pieces.append(pulled.to_ndarray().ravel().astype(np.float32))
