"""How fast the engine is and how much memory it takes: the table of docs/performance.md."""

import os
import platform
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from engine.clock import StageClock
from engine.engine import Engine
from engine.media.sticker import sticker_webp
from engine.progress import Progress, Stage, silent
from engine.talking import Puppet
from engine.voice import ANALYSIS_RATE, Voice

SPEECH_SECONDS = 10.0


@dataclass(frozen=True)
class Measure:
    """One figure; `wanted` is a sentence with the bound, `stages` the median seconds of its parts."""

    name: str
    value: float
    unit: str
    wanted: str
    stages: dict[str, float] | None = None


def measure(engine: Engine, photo: bytes, voice: bytes, style: str, runs: int) -> list[Measure]:
    """Measure everything, medians of `runs`.

    Parameters
    ----------
    engine : just made, so that the time until it is ready can be told
    photo, voice : files as a person sends them
    """
    heard = engine.decoder.voice(voice)
    engine.listen(heard)
    engine.draw(engine.decoder.photo(photo), [style])
    ready = seconds_since_start()
    long_voice = lengthened(heard, SPEECH_SECONDS)
    (character,) = engine.draw(engine.decoder.photo(photo), [style]).characters
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder)
        engine.speak(character, heard, target)
        peak = peak_megabytes()

        def sticker(report: Progress) -> None:
            report(Stage.DECODE, 0.0)
            (drawn,) = engine.draw(engine.decoder.photo(photo), [style], progress=report).characters
            report(Stage.ENCODE, 0.0)
            sticker_webp(drawn.drawing)

        def talk(report: Progress) -> None:
            engine.speak(character, long_voice, target, progress=report)

        motion = engine.listen(long_voice).motion
        frames_per_second = (
            len(motion) / _median(runs, lambda _: sum(1 for _ in Puppet(character).frames(motion)))[0]
        )
        sticker_seconds, sticker_stages = _median(runs, sticker)
        talk_seconds, talk_stages = _median(runs, talk)
    first = [Measure("process start to first drawing and first motion", ready, "s", "")] if ready else []
    return [
        *first,
        Measure("selfie to sticker", sticker_seconds, "s", "at most 0.8", sticker_stages),
        Measure(
            f"{SPEECH_SECONDS:.0f} s of speech to all videos", talk_seconds, "s", "at most 5", talk_stages
        ),
        Measure("rendering alone", frames_per_second, "frames/s", "at least 150"),
        Measure("peak memory of one `make`", peak, "MB", "under 500"),
        Measure("torch imported", float("torch" in sys.modules), "", "0"),
    ]


def lengthened(voice: Voice, seconds: float) -> Voice:
    """Repeat or cut a voice to `seconds`."""

    def fit(samples: np.ndarray, rate: int) -> np.ndarray:
        return np.resize(samples, round(seconds * rate))

    return replace(
        voice, analysis=fit(voice.analysis, ANALYSIS_RATE), sound=fit(voice.sound, voice.sound_rate)
    )


def seconds_since_start() -> float | None:
    """Seconds since this process was started; None where the system does not tell (not Linux)."""
    stat, uptime = Path("/proc/self/stat"), Path("/proc/uptime")
    if not stat.is_file() or not uptime.is_file():
        return None
    started = int(stat.read_text().rsplit(")", 1)[1].split()[19]) / os.sysconf("SC_CLK_TCK")
    return float(uptime.read_text().split()[0]) - started


def peak_megabytes() -> float:
    """Peak resident memory of this process in 10^6 bytes; on Linux without that of who started it."""
    status = Path("/proc/self/status")
    if status.is_file():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 / 1e6
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def machine() -> str:
    """Processor, cores and Python, for the line under a table."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        lines = cpuinfo.read_text().splitlines()
        model = next((line.split(":")[1].strip() for line in lines if "model name" in line), model)
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}"


def _median(runs: int, work: Callable[[Progress], object]) -> tuple[float, dict[str, float]]:
    """Median seconds of a job, and of each of its stages."""
    totals, stages = [], []
    for _ in range(runs):
        clock = StageClock(silent)
        begin = time.perf_counter()
        work(clock)
        totals.append(time.perf_counter() - begin)
        stages.append(clock.seconds())
    names = stages[0]
    medians = {name: round(statistics.median(run[name] for run in stages), 3) for name in names}
    return statistics.median(totals), medians
