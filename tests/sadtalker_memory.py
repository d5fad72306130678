"""How much memory SadTalker takes while a voice is heard and its frames are drawn and encoded.

    python -m tests.sadtalker_memory --seconds 60 --frames 4 8 16      (full size; minutes on a CPU)
    python -m tests.sadtalker_memory --seconds 16 --frames 50 400 --small

Each voice has a process of its own. Weights are random, in files of the official layouts; memory does not
depend on them. Frames are from the middle of the voice; all that comes before frames is done for all of it.
Prints a JSON object a voice; peaks are those since the step before, in 10^6 bytes. Linux only.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.measures import peak_since

STILL = 80  # frames that fill the encoders' buffers before anything is measured
SMALL, FULL = "small", "full"


def child(folder: Path, size: str, seconds: float, until: Sequence[int]) -> dict[str, int]:
    """Measure in this process; `until`: frames after which the peak is told, the last of them ends it."""
    from engine.engine import Engine
    from engine.evaluate.speed import lengthened
    from engine.media.talk import TalkWriter
    from engine.progress import silent
    from engine.talking.animator import Take
    from engine.talking.sadtalker.animator import SadTalker
    from engine.talking.warp import Blend
    from engine.weights import WeightStore
    from tests.engine.talking.sadtalker import small
    from tests.samples import SAMPLE_VOICE

    found = {"torch and the engine imported": peak_since()}
    sadtalker = SadTalker(WeightStore(folder), small.sizes() if size == SMALL else None)
    found["weights read"] = peak_since()
    with Engine() as engine, TemporaryDirectory() as videos:
        voice = lengthened(engine.decoder.voice(SAMPLE_VOICE.read_bytes()), seconds)
        motion = engine.listen(voice).motion
        found["voice heard for blinks and pauses"] = peak_since()
        last = min(len(motion), len(motion) // 2 + until[-1])
        first = max(0, last - until[-1])
        blends = [Blend(n, n, 0.0) for n in range(first, last)]
        character = small.round_face()
        take = Take(character, voice, motion, blends, 0)
        sadtalker.prepared(take, silent)
        found[f"key points of {len(motion)} frames"] = peak_since()
        with TalkWriter(Path(videos), voice, sticker_frames=1) as writer:
            for number in range(STILL):
                writer.write(character.drawing, sticker=not number)
            for number, frame in enumerate(sadtalker.frames(take, silent), start=1):
                writer.write(frame, sticker=False)
                if number in until:
                    found[f"{number} frames drawn and encoded"] = peak_since()
    return found


def measured(folder: Path, size: str, seconds: float, until: Sequence[int]) -> dict[str, int]:
    """Measure in a process of its own."""
    words = [str(folder), size, str(seconds), *map(str, until)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.sadtalker_memory", "--child", *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[1],
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    found: dict[str, int] = json.loads(done.stdout)
    return found


def main() -> None:
    """Write weights, measure each voice."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=float, nargs="+", default=[60.0])
    parser.add_argument("--frames", type=int, nargs="+", default=[4, 8, 16])
    parser.add_argument("--small", action="store_true", help="networks of few channels")
    parser.add_argument("--child", nargs="+", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        folder, size, seconds, *until = asked.child
        print(json.dumps(child(Path(folder), size, float(seconds), [int(number) for number in until])))
        return
    from engine.talking.sadtalker.checkpoint import Sizes
    from tests.engine.talking.sadtalker import small

    size = SMALL if asked.small else FULL
    with TemporaryDirectory() as folder:
        small.write_files(Path(folder), None if asked.small else Sizes(), sides=(256,))
        for seconds in asked.seconds:
            found = measured(Path(folder), size, seconds, asked.frames)
            print(json.dumps({f"{seconds:g} s of voice, {size} networks": found}, indent=2), flush=True)


if __name__ == "__main__":
    main()
