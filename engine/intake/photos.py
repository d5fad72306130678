"""Photos, in the decoder process: any picture file to upright RGB on white.

The kind of file is taken from its first bytes, never from a name, and only that one decoder of Pillow is let
near it. Its size is read from the header and judged before anything is decoded.
"""

import io
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from PIL import Image, ImageCms

from engine.errors import Notice, PhotoProblem
from engine.photo import (
    FIRST_FRAME,
    LONG_SIDE,
    MAX_PIXELS,
    MIN_SIDE,
    Photo,
    PhotoDamaged,
    PhotoTooLarge,
    PhotoTooSmall,
    PhotoUnknown,
)

MAX_SIDES_RATIO = LONG_SIDE // MIN_SIDE  # beyond it, the short side is lost when the long one is made to fit
ENOUGH = (
    0.75  # of LONG_SIDE: a JPEG decoded at a fraction may be that much smaller (12 megapixels: at a half)
)
WHITE = (255, 255, 255, 255)  # under transparent pictures
ORIENTATION_TAG = 0x0112  # EXIF
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
AVIF_BRANDS = {b"avif", b"avis"}


def decode_photo(data: bytes) -> Photo:
    """Decode a photo; see `Decoder.photo`."""
    kind = kind_of(data)
    if kind is None:
        raise PhotoUnknown(f"first bytes {data[:12]!r}")
    if kind == "HEIF":
        _learn_heif()
    with _library_faults_are_damage():
        with _open(data, kind) as image:
            _judge(image.size)
            animated = kind in {"GIF", "PNG", "WEBP", "AVIF"} and bool(getattr(image, "is_animated", False))
            orientation = _orientation(image)
            profile = image.info.get("icc_profile")
            small = _shrunk(image)
        rgb = _rgb(small, profile)
    if orientation in UPRIGHT:
        rgb = rgb.transpose(UPRIGHT[orientation])
    return Photo(np.asarray(rgb).copy(), (Notice(FIRST_FRAME),) if animated else ())


def kind_of(data: bytes) -> str | None:
    """Return Pillow's name of the format by the first bytes, None when it is none that we read."""
    starts = {b"\xff\xd8\xff": "JPEG", b"\x89PNG\r\n\x1a\n": "PNG", b"GIF8": "GIF", b"BM": "BMP"}
    starts |= {b"II*\0": "TIFF", b"MM\0*": "TIFF"}
    for start, kind in starts.items():
        if data.startswith(start):
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:8] == b"ftyp":
        length = min(int.from_bytes(data[:4], "big"), 256)
        brands = {data[8:12], *(data[at : at + 4] for at in range(16, length, 4))}
        if brands & AVIF_BRANDS:
            return "AVIF"
        if brands & HEIC_BRANDS:
            return "HEIF"
    return None


def _learn_heif() -> None:
    from pi_heif import register_heif_opener

    register_heif_opener(thumbnails=False, depth_images=False, aux_images=False, decode_threads=1)


@contextmanager
def _library_faults_are_damage() -> Iterator[None]:
    """Whatever Pillow and its decoders raise on foreign bytes is damage; memory and judgements pass."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            yield
    except (PhotoProblem, MemoryError):
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as bomb:
        raise _too_large(str(bomb)) from bomb
    except Exception as fault:
        raise PhotoDamaged(f"{type(fault).__name__}: {fault}") from fault


def _open(data: bytes, kind: str) -> Image.Image:
    """Read the header only."""
    Image.MAX_IMAGE_PIXELS = (
        MAX_PIXELS  # of this process; Pillow warns beyond it, and warnings are errors here
    )
    if kind == "WEBP":
        _judge(_webp_size(data))  # Pillow reserves two whole frames when it opens one
    return Image.open(io.BytesIO(data), formats=[kind])


def _webp_size(data: bytes) -> tuple[int, int]:
    """Width and height from the first chunk (RFC 9649, sections 2.5 to 2.7)."""
    chunk = data[12:16]
    if chunk == b"VP8X":
        return int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
    if chunk == b"VP8L":
        (bits,) = struct.unpack("<I", data[21:25])
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    width, height = struct.unpack("<HH", data[26:30])
    return width & 0x3FFF, height & 0x3FFF


def _judge(size: tuple[int, int]) -> None:
    width, height = size
    if width * height > MAX_PIXELS:
        raise _too_large(f"{width}x{height}")
    if min(width, height) < MIN_SIDE or max(width, height) > MAX_SIDES_RATIO * min(width, height):
        raise PhotoTooSmall(f"{width}x{height}", needed=MIN_SIDE)


def _too_large(detail: str) -> PhotoTooLarge:
    return PhotoTooLarge(detail, megapixels=MAX_PIXELS // 1_000_000)


def _orientation(image: Image.Image) -> int:
    """EXIF orientation, 1 where there is none or it cannot be read: a photo is not lost for its EXIF."""
    try:
        return int(image.getexif().get(ORIENTATION_TAG, 1))
    except (OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, struct.error):
        return 1


def _shrunk(image: Image.Image) -> Image.Image:
    """Decode, at most LONG_SIDE px on the long side."""
    if max(image.size) > LONG_SIDE:
        enough = LONG_SIDE * ENOUGH / max(image.size)
        image.draft(image.mode, (int(image.width * enough), int(image.height * enough)))
    scale = LONG_SIDE / max(image.size)
    if scale >= 1:
        image.load()
        return image.copy()
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    if image.mode == "P":
        return image.convert(_rich(image)).resize(size, Image.Resampling.BOX)
    if image.mode == "1":
        return image.convert("L").resize(size, Image.Resampling.BOX)
    if image.mode.startswith("I;16"):
        return _eight_bits(image).resize(size, Image.Resampling.BOX)
    return image.resize(size, Image.Resampling.BOX if scale < 0.5 else Image.Resampling.LANCZOS)


def _rich(image: Image.Image) -> str:
    """Mode that keeps all colours of a palette picture and its transparency."""
    return "RGBA" if "transparency" in image.info else "RGB"


def _rgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """To 8-bit sRGB on white, whatever the mode was."""
    if image.mode.startswith(("I", "F")):
        image = _eight_bits(image)
    if image.mode == "P":
        image = image.convert(_rich(image))
    if image.mode in {"La", "PA", "RGBa"} or (image.mode in {"L", "RGB"} and "transparency" in image.info):
        image = image.convert("RGBA")
    if image.mode in {"RGBA", "LA"}:
        alpha = image.getchannel("A")
        colours = _in_srgb(image.convert("RGB"), profile)
        ground = Image.new("RGB", image.size, WHITE[:3])
        ground.paste(colours, mask=alpha)
        return ground
    return _in_srgb(image, profile)


def _eight_bits(image: Image.Image) -> Image.Image:
    """16-bit, 32-bit and float greys to 8 bits; floats are taken as 0..1, or as 0..their maximum."""
    if image.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    values = np.nan_to_num(np.asarray(image).astype(np.float32))
    whole = 65_535.0 if image.mode == "I" else 1.0
    top = max(whole, float(values.max()))
    return Image.fromarray(np.clip(values * (255 / top), 0, 255).astype(np.uint8))


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Convert by the embedded profile, if there is one that fits; plainly otherwise."""
    if image.mode == "LAB":
        return _converted(image, ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")))
    if profile and image.mode in {"RGB", "CMYK"}:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            if "srgb" not in ImageCms.getProfileDescription(source).lower():
                return _converted(image, source)
        except (ImageCms.PyCMSError, OSError, ValueError):  # a broken profile: colours a little off, no more
            return image.convert("RGB")
    return image.convert("RGB")


def _converted(image: Image.Image, source: ImageCms.ImageCmsProfile) -> Image.Image:
    srgb = ImageCms.createProfile("sRGB")
    converted = ImageCms.profileToProfile(
        image,
        source,
        srgb,
        ImageCms.Intent.RELATIVE_COLORIMETRIC,
        outputMode="RGB",
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    assert converted is not None  # noqa: S101 - only in-place conversion gives None
    return converted
