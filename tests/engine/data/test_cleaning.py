"""Cleaning finds what was planted, follows the person, goes on after a stop, and touches nothing."""

import csv
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

pytest.importorskip("imagehash", reason="the extra data is not installed")

from engine.data.cleaning import Cleaned, Wishes, clean
from engine.data.errors import FolderTaken, ManifestWrong, SameFolder
from engine.data.files import pictures_in
from engine.data.finishing import Finish, Finisher
from engine.data.measures import colour, ground_of, measured, softness
from engine.weights import locate
from tests.engine.intake.sent_files import with_size

SIDE = 160
PLAIN = Wishes(size=96, smallest=100, align=False)
GROUND = (250, 248, 240)


def drawing(seed: int, side: int = SIDE) -> np.ndarray:
    """Somebody in thick lines and flat colours on a plain ground."""
    random = np.random.default_rng(seed)
    picture = np.full((side, side, 3), GROUND, np.uint8)
    skin, hair, shirt = (tuple(int(v) for v in random.integers(90, 190, 3)) for _ in range(3))
    unit, dark = side / 160, (20, 20, 30)
    x, y = (int(v * unit) for v in random.integers((66, 60), (94, 80)))
    wide, high = (int(v * unit) for v in random.integers((30, 36), (46, 52)))
    line = max(2, round(3 * unit))
    shapes = (
        ((x, side), (int(1.6 * wide), int(0.9 * high)), shirt),
        ((x, y - high // 4), (wide + 8, high + 6), hair),
        ((x, y), (wide, high), skin),
        ((x - wide // 3, y - 4), (5, int(random.integers(3, 8))), (255, 255, 255)),
        ((x + wide // 3, y - 4), (5, int(random.integers(3, 8))), (255, 255, 255)),
        ((x, y + high // 2), (int(random.integers(6, 16)), int(random.integers(2, 7))), (170, 40, 50)),
    )
    for centre, axes, fill in shapes:
        cv2.ellipse(picture, centre, axes, 0, 0, 360, fill, -1, cv2.LINE_AA)
        cv2.ellipse(picture, centre, axes, 0, 0, 360, dark, line, cv2.LINE_AA)
    return picture


def hatched(seed: int) -> np.ndarray:
    """The same people in pencil strokes of another hand, tinted."""
    random, picture = np.random.default_rng(seed), drawing(seed)
    strokes = random.integers(0, 256, picture.shape[:2]).astype(np.float32)
    strokes = cv2.filter2D(strokes, -1, np.eye(9, dtype=np.float32) / 9)
    return np.clip(picture * 0.6 + strokes[..., None] * 0.8 - 20, 0, 255).astype(np.uint8)


def save(path: Path, picture: np.ndarray, **options: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(path, **options)


def quiet(stage: str, done: int, total: int) -> None:
    """Nobody watches."""


def run(folder: Path, out: Path, wishes: Wishes = PLAIN) -> Cleaned:
    return clean(folder, out, wishes, quiet)


def table(out: Path) -> dict[str, dict[str, str]]:
    with (out / "manifest.csv").open(encoding="utf-8-sig", newline="") as file:
        return {row["file"].removeprefix("./"): row for row in csv.DictReader(file)}


def edit(out: Path, wishes: dict[str, str], delimiter: str = ",") -> None:
    """Change the column `keep` and save, as a spreadsheet does."""
    rows = table(out)
    for name, keep in wishes.items():
        rows[name]["keep"] = keep
    with (out / "manifest.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(next(iter(rows.values()))), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows.values())


def kept_pictures(out: Path) -> set[str]:
    folder = pictures_in(out)
    return {path.relative_to(folder).as_posix().removesuffix(".png") for path in folder.rglob("*.png")}


@pytest.fixture
def people(tmp_path: Path) -> Path:
    """Twenty drawings of one hand."""
    for seed in range(20):
        save(tmp_path / "set" / f"{seed:02}.png", drawing(seed))
    return tmp_path / "set"


def plant(folder: Path) -> dict[str, str]:
    """Faults, and how the manifest should call them."""
    fresh = [drawing(seed) for seed in range(100, 106)]
    save(folder / "again.jpg", drawing(1), quality=60)
    save(folder / "sub" / "smaller.png", cv2.resize(drawing(2), (120, 120), interpolation=cv2.INTER_AREA))
    save(folder / "mirrored.png", np.ascontiguousarray(drawing(3)[:, ::-1]))
    save(folder / "tiny.png", cv2.resize(fresh[0], (80, 80), interpolation=cv2.INTER_AREA))
    save(folder / "grey.png", np.repeat(cv2.cvtColor(fresh[1], cv2.COLOR_RGB2GRAY)[..., None], 3, 2))
    save(folder / "blurred.png", cv2.GaussianBlur(fresh[2], (0, 0), 3))
    hsv = cv2.cvtColor(fresh[3], cv2.COLOR_RGB2HSV)
    hsv[..., 1] = np.where(hsv[..., 1] > 30, 255, 0)
    hsv[..., 2] = np.where(hsv[..., 1] > 30, 255, hsv[..., 2])
    save(folder / "garish.png", cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB))
    save(folder / "foreign.png", hatched(104))
    (folder / "notes.txt").write_text("no picture")
    (folder / "bomb.png").write_bytes(with_size(50_000, 50_000))
    (folder / "cut.png").write_bytes((folder / "00.png").read_bytes()[:400])
    (folder / "=cmd.png").write_bytes(b"")
    (folder / "out.png").symlink_to(locate("astronaut.png"))
    os.mkfifo(folder / "pipe.png")
    copies = dict.fromkeys(("again.jpg", "sub/smaller.png", "mirrored.png"), "copy")
    broken = ("notes.txt", "bomb.png", "cut.png", "=cmd.png", "out.png", "pipe.png")
    alone = {"tiny.png": "too small", "grey.png": "grey", "blurred.png": "blurred", "garish.png": "garish"}
    return copies | alone | {"foreign.png": "another style"} | dict.fromkeys(broken, "unreadable")


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_every_planted_fault_is_found_and_said_and_nothing_is_touched(people, tmp_path):
    good = {path.name for path in people.iterdir()}
    planted = plant(people)
    before = contents(people)
    out = tmp_path / "out"
    made = run(people, out)
    rows = table(out)
    said = {name: rows[name]["why"].split(":")[0].split("; ") for name in planted}
    assert {name: why for name, why in said.items() if planted[name] not in why} == {}
    kept = {name for name, row in rows.items() if row["keep"] == "keep"}
    assert kept <= good
    assert len(kept) >= 19  # one of twenty may look foreign
    assert kept_pictures(out) == kept
    assert made.kept == len(kept)
    assert rows["again.jpg"]["same_as"] == "./01.png"
    assert rows["=cmd.png"]["file"] == "./=cmd.png"  # no formula in a spreadsheet
    assert {Image.open(path).size for path in pictures_in(out).rglob("*.png")} == {(96, 96)}
    assert [path.name for path in made.sheets] == ["sheet-001.jpg"]
    assert contents(people) == before


def test_the_person_overrules_and_is_followed_from_then_on(people, tmp_path):
    save(people / "smaller.png", cv2.resize(drawing(1), (150, 150), interpolation=cv2.INTER_AREA))
    out = tmp_path / "out"
    run(people, out)
    kept = kept_pictures(out)
    assert table(out)["smaller.png"]["why"] == "copy"
    edit(out, {"smaller.png": "keep", "05.png": "Drop"}, delimiter=";")  # as some spreadsheets save
    for _ in range(2):
        made = run(people, out)
        assert made.overruled == 2
        assert kept_pictures(out) == kept - {"05.png"} | {"smaller.png"}
    edit(out, {"smaller.png": "drop", "01.png": "drop", "05.png": "keep"})
    run(people, out)
    row = table(out)["smaller.png"]  # of two copies the person drops the one that we kept ...
    assert (row["decided"], row["keep"], row["why"]) == ("keep", "keep", "")  # ... so the other is the first
    assert "05.png" in kept_pictures(out)
    edit(out, {"02.png": "maybe"})
    with pytest.raises(ManifestWrong, match="maybe"):
        run(people, out)


def test_another_size_measures_anew_and_what_is_grey_among_grey_is_kept(people, tmp_path):
    for path in sorted(people.glob("*.png"))[13:]:
        path.unlink()
    for path in people.glob("*.png"):
        with Image.open(path) as picture:
            picture.convert("L").save(path)
    run(people, people / "out")
    made = run(people, people / "out", Wishes(size=128, smallest=100, align=False))
    assert set(made.reasons) <= {"another style"}, (
        "nothing is too grey, and the results are no pictures of the set"
    )
    assert {Image.open(path).size for path in pictures_in(people / "out").rglob("*.png")} == {(128, 128)}


def test_a_stopped_run_goes_on_where_it_was(people, tmp_path):
    whole, out = tmp_path / "whole", tmp_path / "out"
    run(people, whole)

    def stop(stage: str, done: int, total: int) -> None:
        if done == 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        clean(people, out, PLAIN, stop)
    journal = out / "journal.jsonl"
    with journal.open("a") as file:
        file.write('{"name": "07.png", "sta')  # what a killed process leaves of its last line
    stages: list[tuple[str, int]] = []
    clean(people, out, PLAIN, lambda stage, done, total: stages.append((stage, done)))
    assert stages[0] == ("look", 8)
    assert journal.read_text().count('"name"') == 20
    assert (out / "manifest.csv").read_bytes() == (whole / "manifest.csv").read_bytes()
    save(people / "03.png", cv2.GaussianBlur(drawing(3), (0, 0), 4))  # only what changed is looked at again
    stages.clear()
    clean(people, out, PLAIN, lambda stage, done, total: stages.append((stage, done)))
    assert stages[0] == ("look", 19)
    assert table(out)["03.png"]["why"] == "blurred"


def test_grounds_and_saturation_are_unified_on_request(people, tmp_path):
    out = tmp_path / "out"
    run(people, out)
    loose = np.array([colour(np.asarray(Image.open(path))) for path in pictures_in(out).rglob("*.png")])
    run(people, out, Wishes(96, align=False, background=(10, 200, 30), colour="set"))
    pictures = [np.asarray(Image.open(path)) for path in sorted(pictures_in(out).rglob("*.png"))]
    assert all(np.abs(one[:4, :4].astype(int) - (10, 200, 30)).max() <= 2 for one in pictures)
    run(people, out, Wishes(96, align=False, colour="set"))
    same = np.array([colour(np.asarray(Image.open(path))) for path in pictures_in(out).rglob("*.png")])
    assert same.std() < 0.35 * loose.std()
    assert ground_of(drawing(1)) == GROUND
    assert ground_of(hatched(1)) == ()  # nothing is cut out by colour where the ground is no plain one


def test_faces_are_aligned_and_others_taken_from_the_middle(finder, astronaut):
    square, measures = measured(astronaut, 128, finder)
    assert measures.face == "found"
    again = finder.find_upright(np.asarray(Image.fromarray(square).resize((512, 512))))
    assert again is not None
    eyes = again[[33, 263], :2].mean(axis=0) / 512
    assert np.abs(eyes - (0.5, 0.45)).max() < 0.06  # where FFHQ has them
    waves = np.sin(np.linspace(0, 60, SIDE * 200)).reshape(SIDE, 200, 1)
    wide = np.repeat((127 + 100 * waves).astype(np.uint8), 3, axis=2)
    square, measures = measured(wide, 96, finder)
    assert (measures.face, measures.side, square.shape) == ("centre", SIDE, (96, 96, 3))


@pytest.mark.long
def test_the_command_tells_what_it_did_and_how_to_go_on(people, tmp_path):
    code = "from bot.cli.main import main; main()"
    asked = ["data", "clean", people, "--out", tmp_path / "out", "--size", "64"]
    done = subprocess.run([sys.executable, "-c", code, *asked], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "pictures in" in done.stderr  # models are loaded in threads, and standard error survives it
    assert "manifest.csv" in done.stderr


def test_softness_is_the_blur_whatever_is_drawn():
    for seed in range(4):
        picture = drawing(seed, 256)
        assert softness(picture) < 1.0
        for sigma in (2.0, 4.0):
            blurred = cv2.GaussianBlur(picture, (0, 0), sigma)
            assert softness(blurred) == pytest.approx(sigma, rel=0.35)


def test_a_result_inside_the_folder_is_never_taken_for_its_pictures(people):
    """However its name is written."""
    out = people / ".." / people.name / "out"
    for _ in range(2):
        run(people, out)
        assert len(table(out)) == 20


def test_a_ground_that_has_no_one_colour_is_cut_off_by_the_matte(finder, matting, astronaut):
    """Behind her there are a flag and a rocket; face and suit stay as they are."""
    assert ground_of(astronaut) == ()
    made = Finisher(finder, matting).finished(astronaut, Finish(background=(10, 200, 30)), ())
    for ground in (made[:150, :60], made[:250, 380:]):
        assert np.abs(ground.astype(int) - (10, 200, 30)).max() <= 8
    for top, left in ((90, 190), (270, 150)):
        person = np.s_[top : top + 60, left : left + 60]
        assert np.abs(made[person].astype(int) - astronaut[person]).max() <= 8


def test_folders_that_are_not_ours_are_left_alone(people, tmp_path):
    taken = tmp_path / "taken"
    (taken / "pictures").mkdir(parents=True)
    (taken / "pictures" / "mine.png").write_bytes(b"mine")
    with pytest.raises(FolderTaken):
        run(people, taken)
    with pytest.raises(SameFolder):
        run(people, people)
    assert (taken / "pictures" / "mine.png").read_bytes() == b"mine"
