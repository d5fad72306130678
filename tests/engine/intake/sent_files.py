"""Photos and voices of every kind, made here: nothing binary lies in the repository."""

import io
import struct
import zlib
from fractions import Fraction

import av
import numpy as np
from PIL import Image

SIDE = 240
PHOTO_KINDS = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF")
VOICE_KINDS = (
    ("ogg", "libopus"), ("ipod", "aac"), ("mp3", "libmp3lame"), ("webm", "libopus"), ("flac", "flac"),
)  # fmt: skip


def portrait(width: int = SIDE, height: int = SIDE) -> Image.Image:
    """Red above, green to the left below, blue to the right below: every turn and mirroring shows."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[: height // 2] = (200, 40, 40)
    pixels[height // 2 :, : width // 2] = (40, 180, 60)
    pixels[height // 2 :, width // 2 :] = (50, 60, 190)
    return Image.fromarray(pixels)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    target = io.BytesIO()
    image.save(target, kind, **options)
    return target.getvalue()


def with_size(width: int, height: int) -> bytes:
    """PNG whose header promises a size."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = b"IDAT" + zlib.compress(bytes(100))
    chunks = (struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in (header, data))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def looks_upright(pixels: np.ndarray, tolerance: int = 14) -> bool:
    height, width, _ = pixels.shape
    spots = {
        (height // 4, width // 2): (200, 40, 40),
        (3 * height // 4, width // 4): (40, 180, 60),
        (3 * height // 4, 3 * width // 4): (50, 60, 190),
    }
    return all(np.abs(pixels[at].astype(int) - colour).max() <= tolerance for at, colour in spots.items())


def heic(image: Image.Image) -> bytes:
    """A minimal HEIC (ISO 23008-12): one HEVC key frame by x265 in a box structure written by hand."""
    width, height = image.size
    encoder = av.CodecContext.create("libx265", "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.time_base = Fraction(1, 25)
    encoder.options = {"x265-params": "log-level=none:keyint=1:range=full:colormatrix=bt709:pools=none"}
    frame = av.VideoFrame.from_image(image).reformat(
        format="yuv420p", dst_colorspace="ITU709", dst_color_range="JPEG"
    )
    stream = b"".join(bytes(packet) for packet in [*encoder.encode(frame), *encoder.encode(None)])
    units = [unit.rstrip(b"\0") for unit in stream.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1") if unit]
    by_type = {kind: [unit for unit in units if unit[0] >> 1 & 0x3F == kind] for kind in (32, 33, 34)}
    picture = b"".join(struct.pack(">I", len(u)) + u for u in units if u[0] >> 1 & 0x3F < 32)

    def box(name: bytes, *parts: bytes, version: int | None = None, flags: int = 0) -> bytes:
        head = b"" if version is None else struct.pack(">I", version << 24 | flags)
        body = head + b"".join(parts)
        return struct.pack(">I", 8 + len(body)) + name + body

    arrays = b"".join(
        bytes([0x80 | kind])
        + struct.pack(">H", len(found))
        + b"".join(struct.pack(">H", len(u)) + u for u in found)
        for kind, found in by_type.items()
    )
    profile = by_type[33][0][3:15]  # profile, tier and level open the sequence parameters
    configuration = b"\1" + profile + b"\xf0\0\xfc\xfd\xf8\xf8\0\0\x0f" + bytes([len(by_type)]) + arrays
    properties = box(
        b"iprp",
        box(
            b"ipco",
            box(b"hvcC", configuration),
            box(b"ispe", struct.pack(">II", width, height), version=0),
            box(b"colr", b"nclx", struct.pack(">HHHB", 1, 1, 1, 0x80)),
        ),
        box(b"ipma", struct.pack(">IHB", 1, 1, 3), bytes([0x81, 0x02, 0x03]), version=0),
    )
    start = box(b"ftyp", b"heic", b"\0\0\0\0", b"mif1", b"heic")

    entry = box(b"infe", struct.pack(">HH", 1, 0), b"hvc1\0", version=2)

    def meta(offset: int) -> bytes:
        return box(
            b"meta",
            box(b"hdlr", b"\0\0\0\0pict" + b"\0" * 13, version=0),
            box(b"pitm", struct.pack(">H", 1), version=0),
            box(b"iinf", struct.pack(">H", 1), entry, version=0),
            box(b"iloc", b"\x44\x00", struct.pack(">HHHHII", 1, 1, 0, 1, offset, len(picture)), version=0),
            properties,
            version=0,
        )

    return start + meta(len(start) + len(meta(0)) + 8) + box(b"mdat", picture)


def speech(seconds: float, rate: int = 48_000, level: float = 0.2) -> np.ndarray:
    """Something like a voice: a buzz of 140 Hz in syllables with pauses between; float32 (samples,)."""
    t = np.arange(int(seconds * rate)) / rate
    buzz = sum(np.sin(2 * np.pi * 140 * k * t + k) / k for k in range(1, 12))
    syllables = np.clip(np.sin(2 * np.pi * 3.1 * t), 0, 1) ** 0.5
    return (level * buzz * syllables / 1.6).astype(np.float32)


def sound_file(
    sound: np.ndarray,
    rate: int,
    form: str,
    codec: str,
    *,
    layout: str = "mono",
    picture: bool = False,
    **options: str,
) -> bytes:
    """Encode (samples,) or (channels, samples) by PyAV into any container, with a picture if wanted."""
    target = io.BytesIO()
    channels = np.atleast_2d(sound)
    with av.open(target, "w", format=form) as container:
        if picture:
            shown = container.add_stream("libx264", rate=5)
            shown.width = shown.height = 64
            shown.pix_fmt = "yuv420p"
        stream = container.add_stream(codec, rate=rate, layout=layout, options=options)
        if picture:
            for number in range(int(channels.shape[1] / rate * 5)):
                frame = av.VideoFrame.from_image(portrait(64, 64)).reformat(format="yuv420p")
                frame.pts = number
                container.mux(shown.encode(frame))
            container.mux(shown.encode(None))
        for at in range(0, channels.shape[1], rate):
            piece = np.ascontiguousarray(channels[:, at : at + rate].T).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(piece, format="flt", layout=layout)
            frame.sample_rate = rate
            frame.pts = at
            frame.time_base = Fraction(1, rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return target.getvalue()


def wav(sound: np.ndarray, rate: int = 16_000, **options: str) -> bytes:
    return sound_file(sound, rate, "wav", "pcm_s16le", **options)


def of_every_kind() -> tuple[list[bytes], list[bytes]]:
    """Small photos and voices, one of each kind."""
    small, sound = portrait(96, 80), speech(0.6)
    photos = [saved(small, kind) for kind in PHOTO_KINDS] + [heic(small)]
    return photos, [sound_file(sound, 48_000, *kind) for kind in VOICE_KINDS] + [wav(speech(0.6, 16_000))]


def mutated(seed: bytes, random: np.random.Generator) -> bytes:
    """Flip, cut, repeat or overwrite parts of a file, mostly near its start, where the structure is."""
    data = bytearray(seed)
    for _ in range(int(random.integers(1, 8))):
        at = int(len(data) * random.random() ** 3)
        kind = random.integers(0, 5)
        if kind == 0 and data:
            data[at] ^= 1 << int(random.integers(0, 8))
        elif kind == 1:
            data[at : at + 4] = random.choice([b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff"])
        elif kind == 2:
            del data[at : at + int(random.integers(1, 64))]
        elif kind == 3:
            data[at:at] = data[at : at + int(random.integers(1, 256))]
        else:
            data[at : at + 8] = random.bytes(8)
    return bytes(data)
