"""What a file really is: measured by Pillow and PyAV, and held against Telegram's rules.

The rules are those of core.telegram.org/stickers and core.telegram.org/bots/api (see docs/telegram.md).
"""

import io
from dataclasses import dataclass
from functools import lru_cache

import av
from PIL import Image, ImageOps, UnidentifiedImageError

from tests.e2e.telegram.world import wrong

STICKER_SIDE = 512  # px
STICKER_BYTES = 512 * 1024
VIDEO_STICKER_BYTES = 256 * 1000
VIDEO_STICKER_SECONDS = 3.0
VIDEO_STICKER_FPS = 30
NOTE_SIDE = 640  # px
NOTE_SECONDS = 60.0
PHOTO_BYTES = 10 * 1000 * 1000
PHOTO_SIDES = 10_000  # px, width and height together
PHOTO_RATIO = 20
COMPRESSED_SIDE = 1_280  # px: what apps send as a photo
THUMBNAIL_SIDE, THUMBNAIL_BYTES = 320, 200_000


@dataclass(frozen=True)
class Measured:
    """Size in px and length in s of a file."""

    width: int
    height: int
    seconds: float = 0.0
    sound: bool = False
    moving: bool = False
    kind: str = ""


@lru_cache(maxsize=64)
def sticker(content: bytes) -> Measured:
    """Measure a sticker, static or video."""
    if content[:4] == b"\x1a\x45\xdf\xa3":
        return video_sticker(content)
    found = picture(content, ("WEBP", "PNG"), "a static sticker")
    _sticker_sides(found)
    if len(content) > STICKER_BYTES:
        raise wrong(f"STICKER_FILE_INVALID: a static sticker of {len(content)} bytes")
    with Image.open(io.BytesIO(content)) as image:
        alpha = image.convert("RGBA").getchannel("A").getextrema()
    if alpha[1] == 0:
        raise wrong("STICKER_FILE_INVALID: nothing can be seen")
    return found


def video_sticker(content: bytes) -> Measured:
    """Measure a video sticker."""
    if len(content) > VIDEO_STICKER_BYTES:
        raise wrong(f"STICKER_VIDEO_BIG: {len(content)} bytes")
    with opened(content, "a video sticker") as container:
        if "webm" not in container.format.name or container.streams.audio:
            raise wrong("STICKER_VIDEO_NOWEBM: not WEBM, or with sound")
        (stream,) = container.streams.video
        if stream.codec_context.name != "vp9" or stream.metadata.get("ALPHA_MODE") != "1":
            raise wrong(f"STICKER_VIDEO_NODOC: {stream.codec_context.name}, {stream.metadata}")
        if stream.average_rate is None or stream.average_rate > VIDEO_STICKER_FPS:
            raise wrong(f"STICKER_VIDEO_FPS: {stream.average_rate}")
        packets = [packet for packet in container.demux(stream) if packet.size]
        base = stream.time_base or 1
        end = max(float(((p.pts or 0) + (p.duration or 0)) * base) for p in packets)
        if max(end, (container.duration or 0) / av.time_base) > VIDEO_STICKER_SECONDS:
            raise wrong(f"STICKER_VIDEO_LONG: {end} s")
        decoder = av.CodecContext.create("libvpx-vp9", "r")  # the one that reads alpha
        frames = [frame for packet in [*packets, None] for frame in decoder.decode(packet)]
    if {frame.format.name for frame in frames} != {"yuva420p"}:
        raise wrong(f"STICKER_VIDEO_NOALPHA: {frames[0].format.name}")
    found = Measured(frames[0].width, frames[0].height, end, moving=True, kind="WEBM")
    _sticker_sides(found)
    return found


def _sticker_sides(found: Measured) -> None:
    if max(found.width, found.height) != STICKER_SIDE:
        raise wrong(f"STICKER_DIMENSIONS: {found.width}x{found.height}")


@lru_cache(maxsize=64)
def video(content: bytes) -> Measured:
    """Measure an MP4 as every app plays it: H.264 in 4:2:0, AAC if there is sound; all of it is decoded."""
    with opened(content, "a video") as container:
        if "mp4" not in container.format.name:
            raise wrong(f"VIDEO_FILE_INVALID: {container.format.name}")
        if len(container.streams.video) != 1 or len(container.streams.audio) > 1:
            raise wrong("VIDEO_FILE_INVALID: streams")
        stream = container.streams.video[0]
        sound = list(container.streams.audio)
        codecs = [s.codec_context.name for s in (stream, *sound)]
        if codecs not in (["h264"], ["h264", "aac"]) or stream.codec_context.pix_fmt != "yuv420p":
            raise wrong(f"VIDEO_CODEC_UNSUPPORTED: {codecs} {stream.codec_context.pix_fmt}")
        seconds = (container.duration or 0) / av.time_base
        frames = sum(1 for _ in container.decode(stream))
    if not frames or not seconds:
        raise wrong("VIDEO_FILE_INVALID: no pictures")
    return Measured(stream.width, stream.height, seconds, bool(sound), moving=True, kind="MP4")


def video_note(content: bytes) -> Measured:
    """Measure a round video."""
    found = video(content)
    if found.width != found.height or found.width > NOTE_SIDE:
        raise wrong(f"VIDEO_NOTE_INVALID: {found.width}x{found.height}")
    if found.seconds > NOTE_SECONDS:
        raise wrong(f"VIDEO_NOTE_INVALID: {found.seconds} s")
    if not found.sound:
        raise wrong("VIDEO_NOTE_INVALID: no sound")
    return found


def animation(content: bytes) -> Measured:
    """Measure a GIF or an MP4 without sound."""
    if content[:4] == b"GIF8":
        return picture(content, ("GIF",), "an animation")
    found = video(content)
    if found.sound:
        raise wrong("ANIMATION_INVALID: with sound")
    return found


@lru_cache(maxsize=64)
def photo(content: bytes) -> Measured:
    """Measure a photo."""
    if len(content) > PHOTO_BYTES:
        raise wrong(f"PHOTO_INVALID: {len(content)} bytes")
    found = picture(content, ("JPEG", "PNG", "WEBP"), "a photo")
    sides = found.width, found.height
    if sum(sides) > PHOTO_SIDES or max(sides) > PHOTO_RATIO * min(sides):
        raise wrong(f"PHOTO_INVALID_DIMENSIONS: {sides}")
    return found


def thumbnail(content: bytes) -> Measured:
    """Measure a thumbnail."""
    found = picture(content, ("JPEG",), "a thumbnail")
    if max(found.width, found.height) > THUMBNAIL_SIDE or len(content) > THUMBNAIL_BYTES:
        raise wrong(f"THUMBNAIL_INVALID: {found.width}x{found.height}, {len(content)} bytes")
    return found


def sound(content: bytes) -> Measured:
    """Measure a sound file."""
    with opened(content, "sound") as container:
        if not container.streams.audio:
            raise wrong("AUDIO_FILE_INVALID: no sound")
        return Measured(0, 0, (container.duration or 0) / av.time_base, sound=True)


def picture(content: bytes, kinds: tuple[str, ...], what: str) -> Measured:
    """Decode a picture whole."""
    try:
        with Image.open(io.BytesIO(content), formats=kinds) as image:
            image.load()
            return Measured(*image.size, kind=image.format or "")
    except (UnidentifiedImageError, OSError, SyntaxError) as problem:
        raise wrong(f"IMAGE_PROCESS_FAILED: {what} that is none of {kinds}: {problem}") from problem


def opened(content: bytes, what: str) -> av.container.InputContainer:
    """Open sound or video."""
    try:
        return av.open(io.BytesIO(content))
    except (av.FFmpegError, ValueError) as problem:
        raise wrong(f"FILE_INVALID: {what} that cannot be read: {problem}") from problem


def as_apps_send_photos(content: bytes) -> bytes:
    """Compress a photo as Telegram's apps do: upright, at most 1280 px, JPEG without metadata."""
    with Image.open(io.BytesIO(content)) as image:
        upright = ImageOps.exif_transpose(image).convert("RGB")
    upright.thumbnail((COMPRESSED_SIDE, COMPRESSED_SIDE), Image.Resampling.LANCZOS)
    target = io.BytesIO()
    upright.save(target, "JPEG", quality=87)
    return target.getvalue()
