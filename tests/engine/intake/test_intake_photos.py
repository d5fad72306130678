"""What people send as a photo: every kind opens the right way up and in its colours, or says why not."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

from engine.errors import PersonProblem
from engine.photo import (
    MAX_BYTES,
    PhotoDamaged,
    PhotoTooHeavy,
    PhotoTooLarge,
    PhotoTooSmall,
    PhotoUnknown,
)
from tests.engine.intake.sent_files import SIDE, heic, looks_upright, portrait, saved, with_size


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "AVIF"])
def test_every_kind_of_picture_opens(decoder, kind):
    photo = decoder.photo(saved(portrait(), kind))
    assert photo.pixels.shape == (SIDE, SIDE, 3)
    assert photo.pixels.dtype == np.uint8
    assert looks_upright(photo.pixels)
    assert not photo.notices


def test_heic_of_a_phone_opens(decoder):
    assert looks_upright(decoder.photo(heic(portrait())).pixels)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_photo_is_turned_upright_by_its_exif(decoder, orientation):
    stored = {
        1: [], 2: ["FLIP_LEFT_RIGHT"], 3: ["ROTATE_180"], 4: ["FLIP_TOP_BOTTOM"],
        5: ["TRANSPOSE"], 6: ["ROTATE_90"], 7: ["TRANSVERSE"], 8: ["ROTATE_270"],
    }  # fmt: skip
    image = portrait(320, 240)
    for step in stored[orientation]:
        image = image.transpose(Image.Transpose[step])
    exif = Image.Exif()
    exif[0x0112] = orientation
    photo = decoder.photo(saved(image, "JPEG", exif=exif, quality=95))
    assert photo.pixels.shape == (240, 320, 3)
    assert looks_upright(photo.pixels)


def test_broken_exif_does_not_cost_the_photo(decoder):
    data = saved(portrait(), "JPEG")
    broken = (
        data[:2]
        + b"\xff\xe1"
        + struct.pack(">H", 20)
        + b"Exif\0\0II*\0\xff\xff\xff\xff\xff\xff\xff\xff"
        + data[2:]
    )
    assert looks_upright(decoder.photo(broken).pixels)


@pytest.mark.parametrize("mode", ["L", "1", "P", "CMYK", "YCbCr", "RGBA", "LA", "I;16", "F", "LAB"])
def test_every_colour_mode_opens(decoder, mode):
    rgb = portrait()
    if mode == "I;16":
        grey = np.asarray(rgb.convert("L")).astype(np.uint16) * 257
        data = saved(Image.fromarray(grey), "PNG")
    elif mode == "F":
        data = saved(Image.fromarray(np.asarray(rgb.convert("L")).astype(np.float32) / 255), "TIFF")
    elif mode == "LAB":
        transform = ImageCms.buildTransform(
            ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB"
        )
        data = saved(ImageCms.applyTransform(rgb, transform), "TIFF")
    else:
        image = rgb.quantize(16) if mode == "P" else rgb.convert(mode)
        data = saved(image, "TIFF" if mode in {"CMYK", "YCbCr"} else "PNG")
    pixels = decoder.photo(data).pixels
    if mode in {"L", "LA", "I;16", "F"}:
        assert np.abs(pixels.astype(int) - np.asarray(rgb.convert("L"))[..., np.newaxis]).max() <= 2
    elif mode != "1":
        assert looks_upright(pixels)


def test_sixteen_bits_a_colour_are_not_washed_out(decoder):
    rows = np.asarray(portrait()).astype(">u2") * 257
    lines = b"".join(b"\0" + row.tobytes() for row in rows)

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", SIDE, SIDE, 16, 2, 0, 0, 0)
    data = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(lines))
        + chunk(b"IEND", b"")
    )
    assert looks_upright(decoder.photo(data).pixels, tolerance=2)


def test_cmyk_jpeg_keeps_its_colours(decoder):
    assert looks_upright(decoder.photo(saved(portrait().convert("CMYK"), "JPEG", quality=95)).pixels)


def test_colours_are_converted_by_the_embedded_profile(decoder):
    """A profile with red and green exchanged, as a stand-in for Display P3."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    count = struct.unpack(">I", srgb[128:132])[0]
    table = {srgb[132 + 12 * i : 136 + 12 * i]: 132 + 12 * i for i in range(count)}
    swapped = bytearray(srgb)
    swapped[table[b"rXYZ"] + 4 : table[b"rXYZ"] + 12] = srgb[table[b"gXYZ"] + 4 : table[b"gXYZ"] + 12]
    swapped[table[b"gXYZ"] + 4 : table[b"gXYZ"] + 12] = srgb[table[b"rXYZ"] + 4 : table[b"rXYZ"] + 12]
    at, size = struct.unpack(">II", srgb[table[b"desc"] + 4 : table[b"desc"] + 12])
    swapped[at : at + size] = (
        srgb[at : at + size].replace(b"s\0R\0G\0B", b"o\0d\0d\0!").replace(b"sRGB", b"odd!")
    )
    red = Image.new("RGB", (100, 100), (220, 30, 30))
    pixels = decoder.photo(saved(red, "PNG", icc_profile=bytes(swapped))).pixels
    assert pixels[50, 50, 1] > 180
    assert pixels[50, 50, 0] < 80


def test_broken_profile_does_not_cost_the_photo(decoder):
    assert looks_upright(decoder.photo(saved(portrait(), "PNG", icc_profile=b"no profile" * 20)).pixels)


def test_transparent_parts_become_white(decoder):
    image = portrait().convert("RGBA")
    image.putalpha(Image.fromarray(np.pad(np.full((SIDE, SIDE - 40), 255, np.uint8), ((0, 0), (40, 0)))))
    for kind in ("PNG", "WEBP"):
        pixels = decoder.photo(saved(image, kind)).pixels
        assert (pixels[:, :36] >= 250).all()
        assert looks_upright(pixels)


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "AVIF"])
def test_first_frame_of_an_animation_is_taken_with_a_word(decoder, kind):
    frames = [
        portrait(),
        Image.new("RGB", (SIDE, SIDE), (0, 0, 0)),
        Image.new("RGB", (SIDE, SIDE), (9, 99, 9)),
    ]
    photo = decoder.photo(saved(frames[0], kind, save_all=True, append_images=frames[1:], duration=100))
    assert looks_upright(photo.pixels)
    assert [notice.message_id for notice in photo.notices] == ["first-frame"]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_huge_photo_comes_out_smaller(decoder, kind):
    options = {"TIFF": {"compression": "tiff_lzw"}, "WEBP": {"method": 0}}
    photo = decoder.photo(saved(portrait(7000, 5000), kind, **options.get(kind, {})))
    assert photo.pixels.shape == (1829, 2560, 3)
    assert looks_upright(photo.pixels)


SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="300" height="300"></svg>'
REFUSED = {
    "text named .jpg": (b"Dear bot, this is no photo at all.\n" * 50, PhotoUnknown),
    "nothing": (b"", PhotoUnknown),
    "svg": (SVG, PhotoUnknown),
    "postscript": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 300 300\n", PhotoUnknown),
    "truncated jpeg": (saved(portrait(), "JPEG")[:900], PhotoDamaged),
    "truncated png": (saved(portrait(), "PNG")[:300], PhotoDamaged),
    "truncated webp": (saved(portrait(), "WEBP")[:160], PhotoDamaged),
    "truncated heic": (heic(portrait())[:-40], PhotoDamaged),
    "head of a jpeg": (b"\xff\xd8\xff", PhotoDamaged),
    "1x1": (saved(Image.new("RGB", (1, 1)), "PNG"), PhotoTooSmall),
    "thin": (saved(Image.new("RGB", (5000, 70)), "PNG"), PhotoTooSmall),
    "bomb in its header": (with_size(30_000, 30_000), PhotoTooLarge),
    "webp of 16383 px": (
        b"RIFF\0\0\0\0WEBPVP8X\n\0\0\0\0\0\0\0" + b"\xfe\x3f\0" * 2 + bytes(40),
        PhotoTooLarge,
    ),
    "21 MB": (b"\xff\xd8\xff" + bytes(MAX_BYTES), PhotoTooHeavy),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_photo_is_refused_with_its_own_word(decoder, name):
    data, problem = REFUSED[name]
    with pytest.raises(problem):
        decoder.photo(data)


def test_whole_bomb_is_refused_by_its_header(decoder):
    """30,000 x 30,000 white pixels in a file of 0.1 MB."""
    image = Image.new("1", (30_000, 30_000))
    with pytest.raises(PhotoTooLarge):
        decoder.photo(saved(image, "PNG", compress_level=1))


@pytest.mark.parametrize("language", ["en", "ko"])
def test_every_problem_and_notice_has_its_sentence(language):
    from pathlib import Path

    from engine.intake.protocol import NOTICES, PROBLEMS

    catalogue = Path(__file__).parents[3] / f"bot/locales/{language}/LC_MESSAGES/mytalkcon.po"
    text = catalogue.read_text()
    missing = [name for name in {*PROBLEMS, *NOTICES} if f'msgid "{name}"' not in text]
    assert not missing
    assert all(issubclass(problem, PersonProblem) for problem in PROBLEMS.values())
