"""Make speech whose phones are known: seven languages, and what happens to voices on their way.

    python -m tests.make_speech out/speech
    mytalkcon evaluate lips out/speech

One folder a language and one a condition, each with NAME.wav and NAME.phone.json. With `--neural` two neural
voices speak too (tests/speech_sets/neural.py says what to install); with `--recordings DIR` labelled
recordings go through every condition instead. The same command makes the same files.
"""

import argparse
import json
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.arrays import Samples
from engine.evaluate.lips import Spoken, read_reference
from engine.intake.voices import resampled
from engine.voice import ANALYSIS_RATE
from tests.speech_sets.conditions import CONDITIONS
from tests.speech_sets.espeak import Manner, speak
from tests.speech_sets.texts import NAMES, TEXTS

MANNERS = (Manner(), Manner("f2", 170, 60), Manner("m3", 140, 40))
"""How espeak-ng says the first, second and third sentence of each language."""

WAYS = {
    "fast": Manner(rate=230),
    "slow": Manner(rate=110),
    "high": Manner("f4", pitch=85),
    "low": Manner("m7", pitch=15),
    "monotone": Manner(pitch_range=0),
    "whisper": Manner("whisper"),
}


@dataclass(frozen=True)
class Speech:
    """A voice at 16 kHz with its phones."""

    samples: Samples
    phones: tuple[Spoken, ...]


def main() -> None:
    """Make all folders."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--neural", action="store_true", help="let the neural voices speak, too")
    parser.add_argument("--recordings", type=Path, help="folder of NAME.wav and NAME.phone.json")
    given = parser.parse_args()
    chosen = recorded(given.recordings) if given.recordings else everything(neural=given.neural)
    for group, name, speech in chosen:
        write(given.folder / group, name, speech)
        print(f"{group}/{name}: {len(speech.samples) / ANALYSIS_RATE:.1f} s")


def everything(*, neural: bool) -> Iterator[tuple[str, str, Speech]]:
    """All speech as (folder, name, speech)."""
    clean: list[tuple[str, Speech]] = []
    for group, name, speech in [*languages(), *(natural() if neural else ())]:
        yield group, name, speech
        if name in {"espeak-1", "neural-1"}:
            clean.append((f"{group}-{name}", speech))
    for way, manner in WAYS.items():
        for language, texts in TEXTS.items():
            yield way, NAMES.get(language, language), spoken(texts[1], language, manner)
    yield from disturbed(clean)


def recorded(folder: Path) -> Iterator[tuple[str, str, Speech]]:
    """Recordings of a folder under every condition."""
    clean = []
    for labels in sorted(folder.glob("*.phone.json")):
        name = labels.name.removesuffix(".phone.json")
        with wave.open(str(labels.with_name(f"{name}.wav"))) as file:
            samples = np.frombuffer(file.readframes(-1), "<i2").astype(np.float32) / 32_768
            speech = at_16_khz(samples, file.getframerate(), read_reference(labels))
        clean.append((name, speech))
        yield "clean", name, speech
    yield from disturbed(clean)


def disturbed(clean: list[tuple[str, Speech]]) -> Iterator[tuple[str, str, Speech]]:
    """Each voice under each condition."""
    chance = np.random.default_rng(8)
    for condition, disturb in CONDITIONS.items():
        for name, speech in clean:
            yield condition, name, Speech(disturb(speech.samples, chance), speech.phones)


def languages() -> Iterator[tuple[str, str, Speech]]:
    """Each language by espeak-ng."""
    for language, texts in TEXTS.items():
        for number, (text, manner) in enumerate(zip(texts, MANNERS, strict=True), start=1):
            yield NAMES.get(language, language), f"espeak-{number}", spoken(text, language, manner)


def natural() -> Iterator[tuple[str, str, Speech]]:
    """Each language by neural voices."""
    from tests.speech_sets.neural import KOKORO_VOICES, speak_kokoro, speak_piper

    for language, texts in TEXTS.items():
        for number, text in enumerate(texts, start=1):
            voice = KOKORO_VOICES[(number + 1) * 2 % 5]
            said = speak_piper(text) if language == "en-us" else speak_kokoro(text, language, voice)
            yield NAMES.get(language, language), f"neural-{number}", at_16_khz(*said)


def spoken(text: str, language: str, manner: Manner) -> Speech:
    """Speak by espeak-ng."""
    return at_16_khz(*speak(text, language, manner))


def at_16_khz(sound: Samples, rate: int, phones: list[Spoken]) -> Speech:
    """Resample; the times stay."""
    return Speech(resampled(sound, rate, ANALYSIS_RATE), tuple(phones))


def write(folder: Path, name: str, speech: Speech) -> None:
    """Write NAME.wav and NAME.phone.json."""
    folder.mkdir(parents=True, exist_ok=True)
    with wave.open(str(folder / f"{name}.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(ANALYSIS_RATE)
        file.writeframes((np.clip(speech.samples, -1, 1) * 32_767).astype("<i2").tobytes())
    phones = [{"t": p.name, "b": round(p.start, 4), "d": round(p.end - p.start, 4)} for p in speech.phones]
    document = {"b": 0.0, "d": len(speech.samples) / ANALYSIS_RATE, "w": [{"t": name, "w": phones}]}
    (folder / f"{name}.phone.json").write_text(json.dumps(document, ensure_ascii=False), "utf-8")


if __name__ == "__main__":
    main()
