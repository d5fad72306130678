"""How late the recogniser names phones, and what taking that off gains: docs/quality/lag.png.

    python -m tests.make_speech out/speech
    python -m tests.plot_lag docs/quality/lag.png out/speech/en out/speech/ko ... RECORDINGS

Each folder holds NAME.wav with NAME.phone.json. On the left, of every voice: how long after the beginning of
its phone a name comes (median, middle half), where name and reference are of one mouth class. On the right,
the frame agreement of each folder as the lag that is taken off varies; the alignment to the sound makes up
for the rest, so the curves are flat around the constant.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from bot.cli.evaluate import sound_of
from engine.evaluate.lips import Spoken, read_reference, score
from engine.intake import Decoder
from engine.speech import acoustics
from engine.speech.alignment import LAG, align
from engine.speech.coarticulation import mouth_of
from engine.speech.expressions import Expression, motion_with
from engine.speech.ipa import sound_of as sound_of_phone
from engine.speech.motion import FPS
from engine.speech.phones import PhoneRecogniser
from engine.speech.prosody import head_of
from engine.voice import Voice

SWEEP = np.arange(0.0, 0.165, 0.01)  # s
NEAR = (-0.1, 0.25)  # s around a reference's beginning in which its name is looked for
WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 1400, 620, 60, 50, 60  # px
COLOURS = ("#1f6fb4", "#d1495b", "#3a9d5d", "#b07aa1", "#e08e2b", "#3aa6a6", "#8c6d46", "#222222")


@dataclass(frozen=True)
class Group:
    """A folder: of each voice the delays of its names (s), and the agreement at every lag of SWEEP."""

    name: str
    delays: list[np.ndarray]
    agreement: np.ndarray


def main() -> None:
    """Measure and draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("picture", type=Path)
    parser.add_argument("folders", type=Path, nargs="+")
    given = parser.parse_args()
    recogniser = PhoneRecogniser()
    with Decoder() as decoder:
        groups = [measured(folder, recogniser, decoder) for folder in given.folders]
    for group in groups:
        medians = ", ".join(f"{1000 * np.median(delays):.0f}" for delays in group.delays)
        at = group.agreement[np.abs(SWEEP - LAG).argmin()]
        best = SWEEP[group.agreement.argmax()]
        print(
            f"{group.name}: medians {medians} ms; agreement {group.agreement[0]:.3f} with no lag taken off, "
            f"{at:.3f} with {1000 * LAG:.0f} ms, best {group.agreement.max():.3f} with {1000 * best:.0f} ms"
        )
    given.picture.parent.mkdir(parents=True, exist_ok=True)
    drawn(groups).save(given.picture, optimize=True)


def measured(folder: Path, recogniser: PhoneRecogniser, decoder: Decoder) -> Group:
    """Measure the voices of a folder."""
    delays, agreements = [], []
    for labels in sorted(folder.glob("*.phone.json")):
        voice = decoder.voice(sound_of(labels).read_bytes())
        one_delay, one_agreement = of_voice(voice, read_reference(labels), recogniser)
        delays.append(one_delay)
        agreements.append(one_agreement)
    return Group(folder.name, delays, np.mean(agreements, axis=0))


def of_voice(
    voice: Voice, reference: list[Spoken], recogniser: PhoneRecogniser
) -> tuple[np.ndarray, np.ndarray]:
    """Delays of the names, and agreement at every lag."""
    level = acoustics.loudness(voice.analysis)
    emissions = recogniser.emissions(voice.analysis, level, LAG)
    delays = []
    for emission in emissions:
        sound = sound_of_phone(emission.name)
        near = [
            emission.seconds - phone.start
            for phone in reference
            if sound is not None
            and phone.mouth_class == sound.mouth_class
            and NEAR[0] < emission.seconds - phone.start < NEAR[1]
        ]
        if len(near) == 1:  # two candidates would favour the nearer one, and with it some lag
            delays.append(near[0])
    features, quiet = acoustics.spectral_shape(voice.analysis, level), acoustics.pauses(level)
    part, frames = acoustics.relative_loudness(level), int(np.ceil(voice.seconds * FPS))
    head = head_of(part, quiet, frames, 0)
    agreement = []
    for lag in SWEEP:
        mouth = mouth_of(align(emissions, features, quiet, float(lag)), part, quiet, frames)
        motion = motion_with(Expression.NEUTRAL, mouth, head, part)
        agreement.append(score(motion, motion.jaw, reference).agreement)
    return np.array(delays), np.array(agreement)


def drawn(groups: list[Group]) -> Image.Image:
    """Draw both diagrams."""
    picture = Image.new("RGB", (WIDTH, HEIGHT), "white")
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(17)
    middle = WIDTH // 2

    def left_y(seconds: float) -> float:
        return HEIGHT - BOTTOM - (seconds + 0.02) / 0.2 * (HEIGHT - TOP - BOTTOM)

    def right(lag: float, agreement: float) -> tuple[float, float]:
        x = middle + LEFT + lag / SWEEP[-1] * (middle - LEFT - 130)
        return x, HEIGHT - BOTTOM - (agreement - 0.15) / 0.7 * (HEIGHT - TOP - BOTTOM)

    pen.text((LEFT, 12), "ms from a phone's beginning to its name, one bar a voice", "black", font)
    pen.text((middle + LEFT, 12), "frame agreement, by ms of lag that are taken off", "black", font)
    for ms in range(0, 181, 20):
        pen.line([(LEFT, left_y(ms / 1000)), (middle - 20, left_y(ms / 1000))], "#dddddd")
        pen.text((LEFT - 42, left_y(ms / 1000) - 10), f"{ms}", "black", font)
    pen.line([(LEFT, left_y(LAG)), (middle - 20, left_y(LAG))], "#d1495b", 2)
    for tenth in range(2, 9):
        a, b = right(0, tenth / 10), right(float(SWEEP[-1]), tenth / 10)
        pen.line([a, b], "#dddddd")
        pen.text((a[0] - 32, a[1] - 10), f".{tenth}", "black", font)
    for ms in range(0, 161, 40):
        pen.text((right(ms / 1000, 0.15)[0] - 10, HEIGHT - BOTTOM + 8), f"{ms}", "black", font)
    pen.line([right(LAG, 0.15), right(LAG, 0.85)], "#d1495b", 2)
    count = sum(len(group.delays) for group in groups) + len(groups)
    width, place, labels = (middle - 20 - LEFT) / count, 0, []
    for number, group in enumerate(groups):
        colour = COLOURS[number % len(COLOURS)]
        pen.text((LEFT + (place + 0.5) * width, HEIGHT - BOTTOM + 8), group.name[:9], colour, font)
        for delays in group.delays:
            low, median, high = np.percentile(delays, [25, 50, 75])
            x = LEFT + (place + 1) * width
            pen.line([(x, left_y(low)), (x, left_y(high))], colour, 3)
            pen.ellipse([x - 5, left_y(median) - 5, x + 5, left_y(median) + 5], colour)
            place += 1
        place += 1
        pen.line(
            [right(float(lag), float(a)) for lag, a in zip(SWEEP, group.agreement, strict=True)], colour, 3
        )
        labels.append((right(float(SWEEP[-1]), float(group.agreement[-1])), group.name[:11], colour))
    below = -99.0
    for (x, y), name, colour in sorted(
        labels, key=lambda label: label[0][1]
    ):  # names do not cover each other
        below = max(y - 10, below + 20)
        pen.text((x + 8, below), name, colour, font)
    return picture


if __name__ == "__main__":
    main()
