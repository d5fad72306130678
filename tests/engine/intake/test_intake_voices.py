"""What people send as a voice: every kind is heard at a steady loudness, or says why not."""

import io
import struct
import time

import av
import numpy as np
import pytest

from engine.intake.loudness import CEILING, block_loudness, gated
from engine.voice import (
    VoiceAbsent,
    VoiceDamaged,
    VoiceEmpty,
    VoiceSilent,
    VoiceTooShort,
    VoiceUnknown,
)
from tests.engine.intake.sent_files import portrait, saved, sound_file, speech, wav
from tests.samples import SAMPLE_VOICE, SAMPLE_VOICE_KO

KINDS = {
    "telegram ogg/opus": ("ogg", "libopus", 48_000, 48_000),
    "iphone m4a/aac": ("ipod", "aac", 44_100, 44_100),
    "mp3": ("mp3", "libmp3lame", 44_100, 44_100),
    "wav": ("wav", "pcm_s16le", 16_000, 16_000),
    "wav of 24 bits": ("wav", "pcm_s24le", 96_000, 48_000),
    "telephone wav": ("wav", "pcm_mulaw", 8_000, 8_000),
    "browser webm/opus": ("webm", "libopus", 48_000, 48_000),
    "flac": ("flac", "flac", 22_050, 22_050),
    "flac at an odd rate": ("flac", "flac", 37_800, 48_000),
    "android amr": ("amr", "libopencore_amrnb", 8_000, 8_000),
    "raw aac": ("adts", "aac", 32_000, 32_000),
}


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_of_recording_is_heard(decoder, name):
    form, codec, rate, sound_rate = KINDS[name]
    if codec not in av.codecs_available:
        pytest.skip(f"this PyAV cannot make the test file: it has no encoder {codec}")
    voice = decoder.voice(sound_file(speech(2.0, rate), rate, form, codec))
    assert voice.sound_rate == sound_rate
    assert voice.seconds == pytest.approx(2.0, abs=0.09)  # codecs pad
    assert len(voice.sound) / voice.sound_rate == pytest.approx(voice.seconds, abs=0.001)
    assert voice.analysis.dtype == voice.sound.dtype == np.float32
    assert not voice.notices


def test_sound_of_a_video_is_heard(decoder):
    voice = decoder.voice(sound_file(speech(3.0), 48_000, "mp4", "aac", picture=True))
    assert voice.seconds == pytest.approx(3.0, abs=0.06)


@pytest.mark.parametrize("rate", [1, 1_113_576_832])
def test_a_rate_that_no_recording_has_is_refused(decoder, rate):
    """A resampler for 10^9 Hz would compute until the decoder's time is over."""
    data = bytearray(wav(speech(1.0, 16_000)))
    struct.pack_into("<I", data, data.index(b"fmt ") + 12, rate)
    with pytest.raises(VoiceDamaged, match=f"{rate} Hz"):
        decoder.voice(bytes(data))


@pytest.mark.parametrize("times", [1, 32_768, 1e30])
def test_floats_of_any_size_are_heard(decoder, times):
    """Programs write floats up to 1, up to 32768, or nonsense."""
    voice = decoder.voice(sound_file(speech(1.0, 16_000) * np.float32(times), 16_000, "wav", "pcm_f32le"))
    assert gated(block_loudness(voice.sound, 16_000)) == pytest.approx(-16, abs=3 if times < 1e9 else 20)


@pytest.mark.parametrize("layout,channels", [("stereo", 2), ("5.1", 6), ("7.1", 8)])
def test_any_number_of_channels_becomes_one(decoder, layout, channels):
    sound = np.stack([speech(1.0)] * channels)
    voice = decoder.voice(sound_file(sound, 48_000, "flac", "flac", layout=layout))
    assert voice.sound.shape == (48_000,)


def test_channels_that_cancel_each_other_are_still_heard(decoder):
    one = speech(1.0)
    voice = decoder.voice(sound_file(np.stack([one, -one]), 48_000, "wav", "pcm_s16le", layout="stereo"))
    assert np.abs(voice.sound).max() > 0.1


@pytest.mark.parametrize("level", [0.05, 0.1, 0.5, 0.99])
def test_loudness_is_steady_and_nothing_clips(decoder, level):
    voice = decoder.voice(wav(speech(4.0, 16_000, level)))
    loudness = gated(block_loudness(voice.sound, voice.sound_rate))
    assert loudness == pytest.approx(-16, abs=1.5)
    for samples in (voice.sound, voice.analysis):
        assert np.abs(samples).max() <= CEILING + 0.06  # resampling swings over a little
    assert np.abs(voice.sound).max() <= CEILING + 1e-4


def test_peaks_are_turned_down_not_cut(decoder):
    """A whisper with clicks: they are limited, and no two neighbouring samples sit on the ceiling."""
    sound = speech(3.0, 16_000, 0.05)
    sound[8_000::8_000] = 0.99
    voice = decoder.voice(wav(sound))
    at_ceiling = np.abs(voice.sound) >= CEILING - 1e-4
    assert not (at_ceiling[1:] & at_ceiling[:-1]).any()


def test_noise_of_a_room_is_not_blown_up(decoder):
    noise = np.random.default_rng(7).normal(0, 10 ** (-52 / 20), 32_000).astype(np.float32)
    voice = decoder.voice(wav(noise))
    gain = 20 * np.log10(np.sqrt(np.mean(voice.sound**2)) / np.sqrt(np.mean(noise**2)))
    assert gain < 24.5


def test_direct_current_is_removed(decoder):
    voice = decoder.voice(wav(speech(2.0, 16_000, 0.1) + 0.3))
    assert abs(float(voice.sound.mean())) < 0.002


def test_both_ends_fade(decoder):
    loud = np.sin(2 * np.pi * 300 * np.arange(16_000) / 16_000 + 1).astype(np.float32) * 0.5
    sound = decoder.voice(wav(loud)).sound
    assert abs(sound[0]) < 0.005
    assert abs(sound[-1]) < 0.005
    assert np.abs(sound[400:800]).max() > 0.1


def test_times_of_analysis_and_sound_agree(decoder):
    """A click at 1.000 s is at 1.000 s for the lips and in the video."""
    sound = np.zeros(96_000, np.float32)
    sound[48_000:48_040] = 0.5
    voice = decoder.voice(sound_file(sound + speech(2.0) * 0.05, 48_000, "wav", "pcm_s16le"))
    assert np.abs(voice.sound).argmax() / 48_000 == pytest.approx(1.0, abs=0.002)
    assert np.abs(voice.analysis).argmax() / 16_000 == pytest.approx(1.0, abs=0.002)


@pytest.mark.parametrize(
    ("minutes", "kind"),
    [
        (2, ("ogg", "libopus")),
        pytest.param(10, ("ogg", "libopus"), marks=pytest.mark.long),
        pytest.param(10, ("mp3", "libmp3lame"), marks=pytest.mark.long),
        pytest.param(10, ("wav", "pcm_s16le"), marks=pytest.mark.long),
    ],
)
def test_what_is_longer_than_a_minute_is_cut_with_a_word_and_quickly(decoder, minutes, kind):
    data = sound_file(np.tile(speech(60.0, 16_000), minutes), 16_000, *kind)
    start = time.perf_counter()
    voice = decoder.voice(data)
    assert time.perf_counter() - start < 5
    assert voice.seconds == 60
    (notice,) = voice.notices
    assert (notice.message_id, dict(notice.values)) == ("voice-cut", {"seconds": 60})


def test_a_minute_sharp_is_not_cut(decoder):
    assert not decoder.voice(wav(speech(60.0, 16_000))).notices


def test_damaged_middle_is_left_out(decoder):
    data = bytearray(sound_file(speech(5.0), 48_000, "mp3", "libmp3lame"))
    data[len(data) // 2 : len(data) // 2 + 300] = bytes(300)
    assert decoder.voice(bytes(data)).seconds == pytest.approx(5, abs=0.3)


def test_titles_in_an_old_encoding_do_not_cost_the_voice(decoder):
    data = wav(speech(1.0, 16_000))
    title = "한글 제목!".encode("euc-kr")
    tags = b"INFOINAM" + struct.pack("<I", len(title)) + title
    at = data.index(b"data")
    data = data[:at] + b"LIST" + struct.pack("<I", len(tags)) + tags + data[at:]
    assert decoder.voice(data[:4] + struct.pack("<I", len(data) - 8) + data[8:]).seconds == 1.0


def test_playlist_opens_no_other_file(tmp_path):
    """FFmpeg follows playlists to files and addresses; here not even one that passes the first look does."""
    from engine.intake.voices import DEMUXERS

    (tmp_path / "secret.wav").write_bytes(wav(speech(1.0, 16_000)))
    playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile://{tmp_path}/secret.wav\n".encode()
    options = {"format_whitelist": DEMUXERS, "protocol_whitelist": "none"}
    with pytest.raises(av.error.FFmpegError):
        av.open(io.BytesIO(playlist), options=options)


OGG = sound_file(speech(2.0), 48_000, "ogg", "libopus")
REFUSED = {
    "0 bytes": (b"", VoiceEmpty),
    "zeros": (bytes(5000), VoiceEmpty),
    "text named .ogg": (b"This is a letter, not a voice. " * 40, VoiceUnknown),
    "photo": (saved(portrait(), "JPEG"), VoiceUnknown),
    "playlist": (b"#EXTM3U\n#EXTINF:10,\nhttp://127.0.0.1/secret\n", VoiceUnknown),
    "ogg truncated to nothing": (OGG[:60], VoiceDamaged),
    "head of an mp4": (b"\0\0\0\x18ftypM4A \0\0\0\0M4A mp42", VoiceDamaged),
    "wav of zero seconds": (wav(np.zeros(0, np.float32)), VoiceEmpty),
    "mp3 frames of nonsense": (b"\xff\xfb\x90\x64" + b"\x55" * 3_000, VoiceDamaged),
    "0.1 s": (wav(speech(0.1, 16_000)), VoiceTooShort),
    "silence": (wav(np.zeros(32_000, np.float32)), VoiceSilent),
    "a microphone that was off": (
        wav(np.random.default_rng(1).normal(0, 2e-4, 32_000).astype(np.float32)),
        VoiceSilent,
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_voice_is_refused_with_its_own_word(decoder, name):
    data, problem = REFUSED[name]
    with pytest.raises(problem):
        decoder.voice(data)


def test_video_without_sound_is_refused(decoder, tmp_path):
    path = tmp_path / "mute.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=5)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        for _ in range(10):
            container.mux(
                stream.encode(av.VideoFrame.from_image(portrait(64, 64)).reformat(format="yuv420p"))
            )
        container.mux(stream.encode(None))
    with pytest.raises(VoiceAbsent):
        decoder.voice(path.read_bytes())


def test_real_recordings_are_whole(decoder, shared_media):
    for path, seconds in (("librivox-0870.wav", 7.1), ("jfk.flac", 11.0)):
        voice = decoder.voice((shared_media / "voices" / path).read_bytes())
        assert voice.seconds == pytest.approx(seconds, abs=0.01)


@pytest.mark.parametrize("path", [SAMPLE_VOICE, SAMPLE_VOICE_KO], ids=["en", "ko"])
def test_sample_voices_of_the_project_are_short_and_loud_enough(decoder, path):
    data = path.read_bytes()
    assert len(data) < 60_000
    voice = decoder.voice(data)
    assert 4 <= voice.seconds <= 7
    assert gated(block_loudness(voice.sound, voice.sound_rate)) == pytest.approx(-16, abs=1.5)
