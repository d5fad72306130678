"""Learned styles: from a photo to a character that speaks, in the composition of all styles."""

import shutil
import subprocess
import sys
import threading
from dataclasses import replace

import cv2
import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra neural is not installed")

from PIL import Image

from bot.artist import pack_tile
from bot.cli.draw import write_character
from engine.character import load
from engine.checkpoints.errors import CheckpointBroken
from engine.contents import sha256_of
from engine.engine import Engine
from engine.errors import Cancelled
from engine.face.landmarks import ibug_68
from engine.photo import Photo
from engine.styles import LearnedStyle, prepare, style_of, styles
from engine.styles.composition import CANVAS, compose
from engine.styles.packs import PackWrong
from engine.styles.toonify import Toonists, drawing_of, followed, sitter_of
from engine.together import unheard
from engine.worker import EngineThread, Joins
from tests.engine.speech.voices_to_hear import beginning
from tests.engine.stylegan2.small_pack import added_pack
from tests.samples import SAMPLE_VOICE

JOINS = Joins("fox", 4)


@pytest.fixture(scope="module")
def engine():
    with Engine() as running:
        yield running


@pytest.fixture
def pack(tmp_path, monkeypatch, one_thread):
    monkeypatch.setenv("MYTALKCON_STYLES_DIR", str(tmp_path / "styles"))
    return added_pack(tmp_path / "brought")


class Mirror:
    """Stands in for a toonist: draws what it sees."""

    side = sampled = 256


def held_up(thread: EngineThread) -> threading.Event:
    """Keep the engine thread from its next jobs until the event is set."""
    busy = threading.Event()
    thread.submit(lambda engine, report: busy.wait(20))
    return busy


@pytest.fixture(scope="module")
def sitting_face(engine, astronaut):
    photo, face = engine.cut_out(Photo(astronaut))
    return photo, face, prepare(photo, face)


def test_a_photo_becomes_a_character_that_is_kept_and_speaks(engine, pack, astronaut, tmp_path):
    (character,) = engine.draw(Photo(astronaut), ["fox"], seed=5).characters
    assert (character.style, character.seed) == ("fox", 5)
    alpha = character.drawing[..., 3]
    frame = np.concatenate([alpha[0], alpha[-1], alpha[:, 0], alpha[:, -1]])
    assert frame.max() < 20, "nothing is cut off: only a shadow may end there"
    assert 0.2 < (alpha == 255).mean() < 0.8
    ring = np.round(character.landmarks[[10, 152, 234, 454], :2]).astype(int)
    assert (alpha[ring[:, 1], ring[:, 0]] == 255).all(), "the whole face is on the sticker"

    (again,) = engine.draw(Photo(astronaut), ["fox"], seed=5).characters
    assert (again.drawing == character.drawing).all()
    (tmp_path / "kept").mkdir()
    write_character(tmp_path / "kept", character)
    kept = load(tmp_path / "kept" / "fox.json")
    assert (kept.drawing == character.drawing).all()
    voice = beginning(engine.decoder.voice(SAMPLE_VOICE.read_bytes()), 1.5)
    talk = engine.speak(kept, voice, tmp_path / "talk")
    assert sorted(path.name for path in talk.files) == ["note.mp4", "talk.mp4", "talk.webm"]


def test_what_several_people_get_at_once_is_what_each_gets_alone(pack, astronaut):
    photos = [Photo(astronaut), Photo(np.ascontiguousarray(astronaut[:, ::-1]))]
    style = style_of("fox")
    batches = []

    def job(photo):
        def work(engine, report):
            steps = engine.drawing(photo, [style], 7, report)
            ask = next(steps)

            def counted(given, report):
                batches.append(len(given))
                return ask.answer(given, report)

            try:
                steps.send((yield replace(ask, answer=counted)))
            except StopIteration as end:
                return end.value.characters[0]

        return work

    with EngineThread(Engine) as thread:
        alone = [thread.submit(job(photo)).result(60) for photo in photos]
        busy = held_up(thread)
        tickets = [thread.submit(job(photo), joins=JOINS) for photo in photos]
        busy.set()
        together = [ticket.result(60) for ticket in tickets]
    assert batches == [1, 1, 2]
    for one, other in zip(alone, together, strict=True):
        assert np.abs(one.drawing.astype(int) - other.drawing).max() <= 0.002 * 255 + 1  # and rounding
        assert np.abs(one.landmarks - other.landmarks).max() < 0.5


def test_one_leaves_while_two_are_drawn_and_the_other_gets_what_they_get_alone(pack, astronaut):
    """The first cancels in the middle of the search that both share."""
    style, photo = style_of("fox"), Photo(astronaut)
    shared = threading.Event()

    def job(engine, report):
        steps = engine.drawing(photo, [style], 7, report)
        ask = next(steps)

        def counted(given, told):
            if len(given) == 2:
                shared.set()
                leaver.cancel()
            return ask.answer(given, told)

        try:
            steps.send((yield replace(ask, answer=counted)))
        except StopIteration as end:
            return end.value.characters[0]

    with EngineThread(Engine) as thread:
        busy = held_up(thread)
        leaver, stayer = (thread.submit(job, joins=JOINS) for _ in range(2))
        busy.set()
        with pytest.raises(Cancelled):
            leaver.result(60)
        stayed = stayer.result(60)
        alone = thread.submit(job, joins=JOINS).result(60)
    assert shared.is_set()
    assert np.abs(stayed.drawing.astype(int) - alone.drawing).max() <= 0.002 * 255 + 1


def test_other_weights_than_a_pack_names_are_never_used(pack, sitting_face):
    """Not even when they are exchanged between two photos, and are a generator as good as the other."""
    photo, face, _ = sitting_face
    toonist = Toonists().of(pack)
    sitter = sitter_of(photo.pixels, ibug_68(face.landmarks), toonist, 0)
    base, tuned = (pack.folder / weights.file for weights in pack.weights)
    base.unlink()
    shutil.copyfile(tuned, base)
    with pytest.raises(PackWrong, match=r"base\.safetensors is another file"):
        toonist.draw([sitter], unheard, steps=1)
    with pytest.raises(PackWrong, match=r"base\.safetensors is another file"):
        Toonists().of(pack)


def test_weights_that_were_cut_short_fail_one_job_and_not_the_bot(pack, astronaut):
    tuned = pack.folder / "tuned.safetensors"
    tuned.write_bytes(tuned.read_bytes()[:-1000])
    named = replace(pack, tuned=replace(pack.tuned, sha256=sha256_of(tuned)))
    style = replace(style_of("fox"), pack=named)
    with EngineThread(Engine) as thread:
        job = thread.submit(lambda engine, report: engine.drawing(Photo(astronaut), [style], 7, report))
        with pytest.raises(CheckpointBroken):
            job.result(60)
        next_job = thread.submit(lambda engine, report: engine.draw(Photo(astronaut), ["webtoon"]))
        assert next_job.result(60).characters[0].style == "webtoon"


def test_styles_are_there_as_soon_as_their_pack_and_its_files_are(pack, tmp_path):
    assert [style.id for style in styles() if isinstance(style, LearnedStyle)] == ["fox"]
    (pack.folder / "tuned.safetensors").rename(tmp_path / "elsewhere")
    assert all(style.kind == "drawn" for style in styles())
    assert "tuned.safetensors is missing: put it into" in pack.missing()[0]
    (tmp_path / "elsewhere").rename(pack.folder / "tuned.safetensors")
    assert [style.kind for style in styles()][-1] == "toonify"
    (pack.folder / "style.toml").write_text("spoilt")
    assert all(style.kind == "drawn" for style in styles())
    shutil.rmtree(pack.folder)
    assert all(style.kind == "drawn" for style in styles())


def test_the_networks_of_a_pack_are_read_once_and_again_when_it_changes(pack):
    toonists = Toonists()
    first = toonists.of(pack)
    assert toonists.of(pack) is first
    changed = toonists.of(replace(pack, swap=16))
    assert changed is not first
    assert toonists.of(pack) is not first, "only the newest of an id is kept"


def test_the_drawn_square_lies_where_it_was_cut_out(engine, sitting_face):
    photo, face, sitting = sitting_face
    sitter = sitter_of(photo.pixels, ibug_68(face.landmarks), Mirror, 0)
    drawing = drawing_of(sitter.square, sitter, sitting, engine._finder, engine._matting)
    placed = cv2.cvtColor(compose(photo, face).pixels, cv2.COLOR_RGB2GRAY).astype(np.float32)
    drawn = cv2.cvtColor(drawing.pixels, cv2.COLOR_RGB2GRAY).astype(np.float32)
    low, high = face_box(sitting.landmarks)
    part = (slice(low[1], high[1]), slice(low[0], high[0]))
    (x, y), _ = cv2.phaseCorrelate(placed[part].copy(), drawn[part].copy())
    assert np.hypot(x, y) < 0.3, (x, y)
    assert np.abs(drawing.landmarks - sitting.landmarks)[:, :2].mean() < 0.01 * sitting.face_height
    both, either = (
        np.minimum(drawing.matte, sitting.matte).sum(),
        np.maximum(drawing.matte, sitting.matte).sum(),
    )
    assert both / either > 0.93


def test_landmarks_follow_a_drawing_that_moved_them_and_stay_where_there_is_no_face(engine, sitting_face):
    _, _, sitting = sitting_face
    low, high = face_box(sitting.landmarks)
    centre = ((low + high) / 2).astype(np.float32)
    factor, shift = 1.12, np.array([9.0, -7.0], np.float32)
    matrix = np.column_stack([np.eye(2) * factor, centre - factor * centre + shift]).astype(np.float32)
    moved = cv2.warpAffine(sitting.pixels, matrix, (CANVAS, CANVAS))
    truth = sitting.landmarks[:, :2] @ matrix[:, :2].T + matrix[:, 2]
    found = followed(moved, sitting.landmarks, engine._finder)[:, :2]
    error, before = (
        np.linalg.norm(points - truth, axis=1).mean() / sitting.face_height
        for points in (found, sitting.landmarks[:, :2])
    )
    assert error < 0.015
    assert before > 0.05
    noise = np.random.default_rng(0).integers(0, 256, sitting.pixels.shape, np.uint8)
    assert (followed(noise, sitting.landmarks, engine._finder) == sitting.landmarks).all()


def test_a_hat_and_long_hair_outside_the_square_keep_their_place(engine, sitting_face):
    """Where the square does not reach, the sticker has the person's own outline."""
    photo, face, sitting = sitting_face
    sitter = sitter_of(photo.pixels, ibug_68(face.landmarks), Mirror, 0)
    blank = np.full_like(sitter.square, 128)
    drawing = drawing_of(blank, sitter, sitting, engine._finder, engine._matting)
    assert (drawing.landmarks == sitting.landmarks).all()
    kept = sitting.matte > 0.99
    assert (drawing.matte[kept] > 0.98).all()
    bottom = slice(CANVAS - 120, CANVAS - 60)
    assert drawing.matte[bottom].mean() == pytest.approx(sitting.matte[bottom].mean(), abs=0.01)


def face_box(landmarks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return landmarks[:, :2].min(axis=0).astype(int), landmarks[:, :2].max(axis=0).astype(int)


@pytest.mark.long
def test_landmarks_of_face_alignment_come_from_the_placed_file_without_a_network(
    engine, sitting_face, tmp_path, monkeypatch, caplog
):
    """A file of the right form with random numbers: it is used, found to be wrong, and the mesh counts."""
    pytest.importorskip("face_alignment")
    import socket

    import torch
    from face_alignment.models import FAN

    from engine.learned_weights import FAN as NAME
    from engine.styles.toonify import Landmarks68
    from engine.weights import WeightStore

    photo, face, _ = sitting_face
    torch.save(FAN(4).state_dict(), tmp_path / "brought.pth")
    store = WeightStore(tmp_path / "weights")
    store.add(NAME, tmp_path / "brought.pth")

    def refuse(*args: object) -> None:
        raise AssertionError("a connection was tried")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "hub"))
    found = Landmarks68(store).of(photo.pixels, face)
    assert not (tmp_path / "hub").exists()
    assert (found == ibug_68(face.landmarks)).all()
    assert "the mesh counts" in caplog.text


def test_the_search_of_one_does_not_depend_on_who_is_beside(pack, sitting_face):
    photo, face, _ = sitting_face
    toonist = Toonists().of(pack)
    sitters = [sitter_of(photo.pixels, ibug_68(face.landmarks), toonist, seed) for seed in (1, 2)]
    told: list[float] = []
    together = toonist.draw(sitters, told.append, steps=3)
    for sitter, drawn in zip(sitters, together, strict=True):
        (alone,) = toonist.draw([sitter], unheard, steps=3)
        assert np.abs(alone.astype(int) - drawn).max() <= 1
    assert told == sorted(told)
    assert told[-1] == pytest.approx(1.0)


def test_a_pack_shows_its_picture_on_the_page_of_all_styles(engine, pack):
    plain = pack_tile(style_of("fox"), engine.decoder)
    assert not plain.any(), "a pack without a picture has a number only"
    Image.new("RGB", (300, 200), (10, 120, 200)).save(pack.folder / "preview.png")
    tile = pack_tile(LearnedStyle("fox", pack.names, replace(pack, preview="preview.png")), engine.decoder)
    assert tile.shape == (512, 512, 4)
    assert (tile[256, 256] == (10, 120, 200, 255)).all()
    assert tile[0, 0, 3] == 0


@pytest.mark.long
def test_torch_is_imported_at_the_start_where_there_is_a_pack_and_nowhere_else(tmp_path, monkeypatch):
    program = """
import sys
from pathlib import Path
from bot.artist import EngineArtist
from engine.engine import Engine
from engine.worker import EngineThread
with EngineThread(Engine) as thread:
    EngineArtist(thread, Path(sys.argv[1]))
    thread.submit(lambda engine, report: None).future.result(60)
print("torch" in sys.modules)
"""

    def told() -> str:
        command = [sys.executable, "-c", program, str(tmp_path)]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    monkeypatch.setenv("MYTALKCON_STYLES_DIR", str(tmp_path / "styles"))
    assert told() == "False"
    added_pack(tmp_path / "brought")
    assert told() == "True"
