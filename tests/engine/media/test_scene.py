"""What surrounds the character in a video: any ground, and the person's own words."""

import av
import cv2
import numpy as np
import pytest
from PIL import ImageFont

from engine.media.caption import (
    FONT_FILE,
    FONT_SIZE,
    WIDEST,
    Captions,
    CaptionUnreadable,
    page_starts,
    readable,
    square,
    wrapped,
)
from engine.media.talk import TalkWriter
from engine.raster import premultiplied
from engine.speech.motion import Motion
from engine.voice import Voice
from engine.weights import locate

GREY = np.full((512, 512, 3), 128, np.uint8)
KOREAN, ENGLISH = "안녕하세요! 목소리를 보내 주세요.", "Hello, send me your voice."


def motion_of(visemes: str) -> Motion:
    """A motion that says only when the voice speaks: "-" is silence, everything else speech."""
    track = np.zeros(len(visemes), np.float32)
    names = (name for name in Motion.__dataclass_fields__ if name != "viseme")
    said = tuple("sil" if viseme == "-" else "A" for viseme in visemes)
    return Motion(viseme=said, **dict.fromkeys(names, track))


@pytest.fixture(scope="module")
def font() -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(locate(FONT_FILE), FONT_SIZE)


def captioned(text: str, frame: int = 0, visemes: str = "a" * 10) -> np.ndarray:
    picture = GREY.copy()
    Captions(text, motion_of(visemes), locate(FONT_FILE)).over(picture, frame)
    return picture


def box_of(picture: np.ndarray) -> tuple[slice, slice]:
    rows, columns = np.nonzero((picture != 128).any(axis=2))
    return slice(rows.min(), rows.max() + 1), slice(columns.min(), columns.max() + 1)


@pytest.mark.parametrize("text", [KOREAN, ENGLISH, "Grüße, señor! Привет", "가나다 " * 30, "ab" * 200])
def test_captions_can_be_read(text):
    """White strokes on a dark box inside the picture; halved as on a phone they still stand out."""
    picture = captioned(text)
    rows, columns = box_of(picture)
    assert rows.stop <= 512 - 10 and columns.start >= 10 and columns.stop <= 502
    assert 40 < rows.stop - rows.start < 110
    for seen in (
        picture[rows, columns],
        cv2.resize(picture[rows, columns], None, fx=0.5, fy=0.5, interpolation=3),
    ):
        ink, box = np.quantile(seen, 0.99), np.median(seen)
        contrast = ((ink / 255) ** 2.2 + 0.05) / ((box / 255) ** 2.2 + 0.05)
        assert contrast > 7, "WCAG's AAA"
    strokes = (picture[rows, columns] > 200).all(axis=2).mean()
    assert 0.04 < strokes < 0.4


def test_every_sign_is_the_persons_own(font):
    """What the font lacks is left out rather than drawn as a box; Hangul in parts is put together."""
    assert readable("안녕 😀\n\t친구", font) == "안녕 친구"
    assert readable("\u1112\u1161\u11ab글", font) == "한글"
    assert readable("👨\u200d👩\u200d👧 love ❤\ufe0f 1\ufe0f\u20e3", font) == "love 1"
    for text in ("😀", "👩\u200d👧", "🇰🇷 ☀\ufe0f", "नमस्ते"):
        with pytest.raises(CaptionUnreadable):
            captioned(text)


def test_lines_are_broken_between_words(font):
    lines = wrapped(f"{ENGLISH} {KOREAN} {ENGLISH}", font)
    assert " ".join(lines) == f"{ENGLISH} {KOREAN} {ENGLISH}"
    assert all(font.getlength(line) <= WIDEST for line in lines)
    long = wrapped("가" * 40, font)
    assert "".join(long) == "가" * 40
    assert all(font.getlength(line) <= WIDEST for line in long)


def test_pages_wait_while_the_voice_pauses():
    """Two pages of the same length: the second comes when half is said, not in the middle of the time."""
    starts = page_starts([20, 20], motion_of("--" + "a" * 10 + "-" * 60 + "a" * 11))
    assert starts[0] == 0
    assert starts[1] in (72, 73), "with the word after the pause"
    assert page_starts([30, 10], motion_of("-" * 60 + "a" * 40)) == [0, 90]
    assert page_starts([10], motion_of("-----")) == [0]


def voice_of(seconds: float) -> Voice:
    silence = np.zeros(round(seconds * 16_000), np.float32)
    return Voice(silence, silence, 16_000)


def last_frame(path) -> np.ndarray:
    with av.open(str(path)) as container:
        return list(container.decode(video=0))[-1].to_ndarray(format="rgb24", src_colorspace="ITU709")


@pytest.mark.parametrize("colour", [(255, 204, 0), (0, 0, 0), (255, 255, 255), (20, 90, 200)])
def test_the_ground_has_the_very_colour(tmp_path, colour):
    with TalkWriter(tmp_path, voice_of(0.2), colour) as writer:
        for _ in range(5):
            writer.write(np.zeros((512, 512, 4), np.uint8))
        writer.close()
    for name in ("talk.mp4", "note.mp4"):
        assert np.abs(last_frame(tmp_path / name).astype(int) - colour).max() <= 3


def test_a_picture_lies_behind_and_words_in_front(tmp_path):
    """The picture is seen where the character is not; words are on the video, not on the round note."""
    wide = np.zeros((300, 900, 3), np.uint8)
    wide[:, 300:450], wide[:, 450:600] = (200, 40, 40), (40, 40, 200)
    person = np.zeros((512, 512, 4), np.uint8)
    person[100:512, 156:356] = (90, 160, 90, 255)
    captions = Captions(ENGLISH, motion_of("a" * 5), locate(FONT_FILE))
    with TalkWriter(tmp_path, voice_of(0.2), square(wide), captions=captions) as writer:
        for _ in range(5):
            writer.write(premultiplied(person))
        writer.close()
    video, note = (last_frame(tmp_path / name).astype(int) for name in ("talk.mp4", "note.mp4"))
    assert np.abs(video[50, 100] - (200, 40, 40)).max() <= 6
    assert np.abs(video[50, 400] - (40, 40, 200)).max() <= 6
    assert np.abs(video[300, 256] - (90, 160, 90)).max() <= 6
    assert (video[460:490] > 200).all(axis=2).sum() > 300
    assert np.abs(note[360, 192] - (90, 160, 90)).max() <= 6
