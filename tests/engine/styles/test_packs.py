"""Style packs: what is right is kept, what is wrong is said, what is missing is named."""

import hashlib
from pathlib import Path

import pytest

from engine.styles.packs import PackWrong, add_pack, packs, read_pack, remove_pack

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
        ("swap = 16", "swap = 16\nsurprise = 1", "surprise"),
        ("swap = 16", "swap = 16\nlevel = 2", "level"),
        ("swap = 16", "swap = 16\nwidth = 0", "width"),
        ('"reverse"', '"sideways"', "direction"),
        ('ko = "툰 헤드"', "", "names"),
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
