"""Style packs: what is right is kept, what is wrong is said, what is missing is named."""

import hashlib
import json
import os
from pathlib import Path

import pytest

from engine.styles.packs import (
    CHECKED_FILE,
    PackWrong,
    add_pack,
    pack_of,
    packs,
    read_pack,
    remove_pack,
    spoilt_packs,
)

DESCRIPTION = """
id = "toon-head"
kind = "toonify"
swap = 16
direction = "reverse"
[names]
en = "Toon head"
ko = "툰 헤드"
[base]
file = "faces.pt"
sha256 = "{base}"
licence = "Apache-2.0"
[tuned]
file = "drawings.pt"
sha256 = "{tuned}"
"""
SHAS = {"base": hashlib.sha256(b"faces").hexdigest(), "tuned": hashlib.sha256(b"drawings").hexdigest()}


@pytest.fixture
def source(tmp_path, monkeypatch) -> Path:
    """A pack that brings one of its two checkpoints; the folder of weights is empty."""
    monkeypatch.setenv("MYTALKCON_WEIGHTS_DIR", str(tmp_path / "weights"))
    monkeypatch.setenv("MYTALKCON_STYLES_DIR", str(tmp_path / "styles"))
    folder = tmp_path / "brought"
    folder.mkdir()
    (folder / "style.toml").write_text(DESCRIPTION.format(**SHAS), "utf-8")
    (folder / "faces.pt").write_bytes(b"faces")
    return folder


def test_an_added_pack_says_what_it_lacks_until_it_is_there(source, tmp_path):
    (source / "secrets.txt").write_text("not part of a pack")
    added = add_pack(source)
    assert [pack.id for pack in packs()] == ["toon-head"]
    assert not (added.folder / "secrets.txt").exists()
    (missing,) = added.missing()
    assert "drawings.pt is missing" in missing
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "drawings.pt").write_bytes(b"others")
    (missing,) = added.missing()
    assert "another file" in missing
    (tmp_path / "weights" / "drawings.pt").write_bytes(b"drawings")
    assert added.missing() == ()
    assert added.restrictions() == ("unknown",)  # no licence is stated for the drawings
    assert add_pack(source) == added  # again: replaced
    remove_pack("toon-head")
    assert packs() == ()
    with pytest.raises(PackWrong):
        remove_pack("toon-head")


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('id = "toon-head"', 'id = "../elsewhere"', "id"),
        ('id = "toon-head"', "", "id must be there"),
        ("swap = 16", "swap = 12", "power of two"),
        ("swap = 16", "swap = 2048", "power of two"),
        ("swap = 16", f"swap = {'1' * 5000}", "digits"),
        ("swap = 16", f"swap = {'[' * 50_000}", "style.toml"),
        ("swap = 16", "swap = 16\nsurprise = 1", "surprise"),
        ("swap = 16", "swap = 16\nlevel = 2", "level"),
        ("swap = 16", "swap = 16\nwidth = 0", "width"),
        ("swap = 16", "swap = 16\nwidth = inf", "width"),
        ("swap = 16", "swap = 16\ntruncation = nan", "truncation"),
        ("swap = 16", "swap = 16\npreview = '../style.toml'", "preview"),
        ('"reverse"', '"sideways"', "direction"),
        ('ko = "툰 헤드"', "", "names"),
        ('ko = "툰 헤드"', 'ko = "툰\\n헤드"', "names"),
        ('ko = "툰 헤드"', 'ko = "  "', "names"),
        ('"faces.pt"', '"/etc/passwd"', "file"),
        ('"faces.pt"', '"../faces.pt"', "file"),
        (SHAS["base"], "abc", "sha256"),
        ("[names]", "[names", "style.toml"),
    ],
)
def test_what_is_wrong_in_a_description_is_said(source, before, after, said):
    path = source / "style.toml"
    assert before in path.read_text("utf-8")
    path.write_text(path.read_text("utf-8").replace(before, after), "utf-8")
    with pytest.raises(PackWrong, match=said):
        read_pack(source)


@pytest.mark.parametrize("name", ["preview.png", "drawings.pt"])
def test_a_link_in_a_pack_carries_no_other_file_along(source, tmp_path, name):
    described = (source / "style.toml").read_text("utf-8")
    (source / "style.toml").write_text('preview = "preview.png"\n' + described, "utf-8")
    (tmp_path / "private").write_text("somebody's key")
    (source / name).symlink_to(tmp_path / "private")
    with pytest.raises(PackWrong, match="outside the pack"):
        add_pack(source)
    assert not list((tmp_path / "styles").glob("*")), "nothing was copied"
    (source / name).unlink()
    (source / "inside").write_text("part of it")
    (source / name).symlink_to("inside")
    assert (add_pack(source).folder / name).read_text() == "part of it"


def test_huge_files_are_refused_before_they_are_read_or_copied(source, tmp_path):
    with (source / "huge.png").open("wb") as file:
        file.truncate(1_000_000_000)
    described = (source / "style.toml").read_text("utf-8")
    (source / "style.toml").write_text('preview = "huge.png"\n' + described, "utf-8")
    with pytest.raises(PackWrong, match=r"huge\.png is larger"):
        add_pack(source)
    assert not (tmp_path / "styles").exists()
    with (source / "style.toml").open("ab") as file:
        file.truncate(100_000_000)
    with pytest.raises(PackWrong, match=r"style\.toml is larger"):
        read_pack(source)


def test_a_spoilt_pack_is_named_and_leaves_the_others_alone(source, tmp_path):
    add_pack(source)
    spoilt = tmp_path / "styles" / "fox"
    spoilt.mkdir()
    (spoilt / "style.toml").write_text("no description")
    assert [pack.id for pack in packs()] == ["toon-head"]
    assert pack_of("toon-head").swap == 16
    assert list(spoilt_packs()) == ["fox"]
    with pytest.raises(PackWrong, match="fox"):
        pack_of("fox")
    remove_pack("fox")
    assert not spoilt.exists()
    assert not spoilt_packs()
    (tmp_path / "styles" / "toon-head").rename(tmp_path / "elsewhere")
    (tmp_path / "styles" / "toon-head").symlink_to(tmp_path / "elsewhere")
    remove_pack("toon-head")
    assert packs() == ()
    assert (tmp_path / "elsewhere" / "style.toml").exists(), "only the link was somebody's wish"


def test_what_was_checked_is_checked_again_when_it_changed(source):
    (source / "drawings.pt").write_bytes(b"drawings")
    added = add_pack(source)
    notes = added.folder.parent / CHECKED_FILE
    assert added.missing() == ()
    path = added.folder / "drawings.pt"
    about = path.stat()
    path.write_bytes(b"DRAWINGS")
    os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns))  # as long, and as old, as what was checked
    (wrong,) = added.missing()
    assert "another file" in wrong
    path.write_bytes(b"drawings")
    for spoilt in ("{", "[]", '{"a": 1}'):
        notes.write_text(spoilt)
        assert added.missing() == ()
    assert len(json.loads(notes.read_text())) == 2, "what is no file any more is forgotten"
