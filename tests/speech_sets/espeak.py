"""Speech by espeak-ng with the phones it speaks and when: the events of its library.

The library comes with the package espeakng-loader (dev extra). How it says a text depends on what it said
before and on the clock, so every text gets a library of its own and a seed: it sounds the same every time.
"""

import _ctypes
import ctypes
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import espeakng_loader
import numpy as np

from engine.arrays import Samples
from engine.evaluate.lips import Spoken
from tests.speech_sets.labels import spans_of

# numbers of espeak-ng's speak_lib.h
_SYNCHRONOUS = 2  # sound goes to the callback, nothing is played
_PHONEME_EVENTS, _IPA = 1, 2
_RATE, _PITCH, _RANGE = 1, 3, 4
_UTF8 = 1
_TO_IPA = 2
_LIST_ENDS, _PHONEME = 0, 7
_SEED = 1


class _Identifier(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),  # ms
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Identifier),
    )


_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


@dataclass(frozen=True)
class Manner:
    """How espeak-ng speaks: variant of its voice, words a minute, pitch 0..99 and its range 0..99."""

    variant: str = ""
    rate: int = 160
    pitch: int = 50
    pitch_range: int = 50


@contextmanager
def _fresh() -> Iterator[tuple[ctypes.CDLL, int]]:
    """Open a copy of the library that has said nothing yet, with its rate in Hz."""
    with tempfile.TemporaryDirectory() as folder:
        library = ctypes.CDLL(shutil.copy(espeakng_loader.get_library_path(), Path(folder) / "espeak.so"))
        try:
            data = espeakng_loader.get_data_path().encode()
            rate = library.espeak_Initialize(_SYNCHRONOUS, 0, data, _PHONEME_EVENTS | _IPA)
            if rate <= 0:
                raise RuntimeError("espeak-ng does not start")
            library.espeak_ng_SetRandSeed(ctypes.c_long(_SEED))
            yield library, rate
            library.espeak_Terminate()
        finally:
            _ctypes.dlclose(library._handle)


def speak(text: str, voice: str, manner: Manner = Manner()) -> tuple[Samples, int, list[Spoken]]:
    """Speak a text.

    Parameters
    ----------
    text : in the language of the voice
    voice : espeak-ng's name of the language, for example "ko"

    Returns
    -------
    float32 (N,), its rate in Hz, and the phones in IPA without gaps; pauses are "sil"
    """
    sound: list[Samples] = []
    begins: list[tuple[float, str]] = []

    def take(wave: "ctypes._Pointer[ctypes.c_short]", count: int, events: "ctypes._Pointer[_Event]") -> int:
        if count > 0:
            sound.append(np.ctypeslib.as_array(wave, (count,)).astype(np.float32) / 32_768)
        number = 0
        while events[number].type != _LIST_ENDS:
            event = events[number]
            if event.type == _PHONEME:
                name = bytes(event.id.string).split(b"\0")[0].decode("utf-8", "ignore")
                begins.append((event.audio_position / 1000, name))
            number += 1
        return 0

    with _fresh() as (library, rate):
        callback = _Callback(take)
        library.espeak_SetSynthCallback(callback)
        named = voice + ("+" + manner.variant if manner.variant else "")
        if library.espeak_SetVoiceByName(named.encode()) != 0:
            raise ValueError(f"espeak-ng has no voice {named}")
        for parameter, value in ((_RATE, manner.rate), (_PITCH, manner.pitch), (_RANGE, manner.pitch_range)):
            library.espeak_SetParameter(parameter, value, 0)
        words = text.encode()
        if library.espeak_Synth(words, len(words) + 1, 0, 0, 0, _UTF8, None, None) != 0:
            raise RuntimeError(f"espeak-ng does not speak {text!r}")
    samples = np.concatenate(sound)
    return samples, rate, spans_of(begins, samples, rate)


def phonemes(text: str, voice: str) -> str:
    """IPA of a text as one line, a comma or full stop after each clause."""
    with _fresh() as (library, _):
        if library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise ValueError(f"espeak-ng has no voice {voice}")
        library.espeak_TextToPhonemes.restype = ctypes.c_char_p
        clauses = []
        for clause, sign in re.findall(r"([^,.!?，。！？、]+)([,.!?，。！？、]?)", text):
            words = ctypes.create_string_buffer(clause.encode())  # lives as long as `rest` points into it
            rest = ctypes.c_void_p(ctypes.addressof(words))
            said = library.espeak_TextToPhonemes(ctypes.byref(rest), _UTF8, _TO_IPA).decode()
            clauses.append(re.sub(r"\([^)]*\)", "", said).strip() + ("," if sign in ",，、" else "."))
        return " ".join(clauses)
