"""From a voice to what the face does in each frame: rows of semantics, and key points.

What the published program does worse is done otherwise here: poses of neighbouring chunks melt into one
another, blinks are those of the motion whether the head is still or not, and in a pause the mouth is what the
network makes of silence, so that breath and noise do not move it.
"""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.arrays import FloatMap, Samples
from engine.speech.ipa import SILENCE
from engine.speech.motion import Motion
from engine.talking.sadtalker import mel, semantics
from engine.talking.sadtalker.audio_networks import CHUNK, LATENT, POSE, ExpressionNetwork, PoseNetwork
from engine.talking.sadtalker.keypoints import MappingNetwork, moved
from engine.talking.sadtalker.options import Options
from engine.talking.sadtalker.semantics import EXPRESSION, ROW
from engine.talking.smoothing import savitzky_golay

AT_ONCE = 100  # frames that are heard or mapped at once
OVERLAP = 8  # frames that neighbouring chunks of poses share
EASE_IN = 8  # frames in which the head leaves the pose of the picture
SMOOTH = (13, 2)  # window and order of the published smoothing
HUSH = 5  # frames over which the mouth comes to rest in a pause

Between = Callable[[], None]
"""Called now and then; raises Cancelled."""


@torch.inference_mode()
def heard_rows(
    expression: ExpressionNetwork,
    pose: PoseNetwork,
    voice: Samples,
    motion: Motion,
    source: FloatMap,
    options: Options,
    seed: int,
    references: tuple[FloatMap | None, FloatMap | None] = (None, None),
    between: Between = lambda: None,
) -> FloatMap:
    """What the face does, float32 (frames of the motion, 70 or 73).

    Parameters
    ----------
    voice : at 16 kHz
    source : (73,), of the picture
    references : rows (T, 70 or more) of videos whose eyes and whose head are followed
    """
    frames, spectrogram = len(motion), mel.mel_spectrogram(voice)
    eyes, head = references
    reference = np.repeat(source[None, :EXPRESSION], frames, axis=0)
    blinks = motion.lids[:, None].astype(np.float32)
    if eyes is not None:  # its expressions carry its blinks
        reference, blinks = _followed(eyes[:, :EXPRESSION], frames), np.zeros_like(blinks)
    said, sounds = [], []
    silence = expression.hear(torch.full((1, 1, mel.SPECTRUM.bands, mel.COLUMNS), -mel.LIMIT))
    for first in range(0, frames, AT_ONCE):
        between()
        part = slice(first, min(frames, first + AT_ONCE))
        windows = torch.from_numpy(mel.windows(spectrogram, part.stop - first, first))[:, None]
        known = torch.from_numpy(reference[part]), torch.from_numpy(blinks[part])
        spoken = expression(windows, *known)
        silent = expression.shown(silence.expand(len(windows), -1), *known)
        said.append(torch.lerp(spoken, silent, torch.from_numpy(hush(motion)[part, None])).numpy())
        sounds.append(pose.hear(windows))
    latents = torch.Generator().manual_seed(seed)
    turns = poses(pose, torch.cat(sounds), source[EXPRESSION:ROW], options.pose_style, latents)
    if head is not None:
        followed = _followed(head[:, EXPRESSION:ROW], frames)
        turns = turns + followed - followed[:1]
    rows = np.concatenate([np.concatenate(said), turns], axis=1)
    return semantics.driven(
        source,
        rows,
        still=options.still,
        full=options.preprocess.is_full,
        expression_scale=options.expression_scale,
    )


def hush(motion: Motion) -> FloatMap:
    """How silent each frame is, float32 (frames,), 0 .. 1; it rises and falls within the pause."""
    silent = np.array([viseme == SILENCE for viseme in motion.viseme], np.float32)
    padded = np.pad(silent, HUSH // 2, mode="edge")
    around = np.lib.stride_tricks.sliding_window_view(padded, HUSH)
    return np.asarray(around.mean(axis=1) * silent, np.float32)


def poses(
    network: PoseNetwork, heard: Tensor, reference: FloatMap, style: int, latents: torch.Generator
) -> FloatMap:
    """Poses of the head, float32 (T, 6): chunks overlap and melt, the first leaves the picture gently.

    Parameters
    ----------
    heard : (T, 512)
    reference : (6,), pose of the picture
    """
    frames = len(heard)
    front = max(0, CHUNK - frames)
    heard = torch.cat([heard[:1].expand(front, -1), heard])
    last = len(heard) - CHUNK
    starts = sorted({*range(0, last, CHUNK - OVERLAP), last})
    rise = 0.5 - 0.5 * np.cos(np.pi * (np.arange(OVERLAP) + 0.5) / OVERLAP)
    share = np.concatenate([rise, np.ones(CHUNK - 2 * OVERLAP), rise[::-1]])[:, None]
    total, weight = np.zeros((len(heard), POSE)), np.zeros((len(heard), 1))
    at_rest = torch.from_numpy(np.asarray(reference, np.float32))
    for start in starts:
        drawn = torch.randn(1, LATENT, generator=latents)
        chunk = network.chunks(heard[None, start : start + CHUNK], at_rest, style, drawn)[0].double().numpy()
        total[start : start + CHUNK] += chunk * share
        weight[start : start + CHUNK] += share
    motion = (total / weight)[front:]
    leaving = np.minimum(1, np.arange(frames) / EASE_IN)[:, None]
    smooth = savitzky_golay(motion, *SMOOTH) * (leaving * leaving * (3 - 2 * leaving))
    return np.asarray(smooth + reference, np.float32)


def _followed(rows: FloatMap, frames: int) -> FloatMap:
    """Rows of a video for so many frames: there and back where it is shorter, so that nothing jumps."""
    there_and_back = np.concatenate([rows, rows[-2:0:-1]])
    return np.take(there_and_back, np.arange(frames), axis=0, mode="wrap").astype(np.float32)


@torch.inference_mode()
def keypoint_tracks(
    mapping: MappingNetwork,
    canonical: Tensor,
    source: FloatMap,
    rows: FloatMap,
    options: Options,
    between: Between = lambda: None,
) -> tuple[Tensor, FloatMap]:
    """Key points of the picture (1, K, 3), and of every frame, float32 (T, K, 3).

    Parameters
    ----------
    canonical : (1, K, 3)
    source : (73,), of the picture
    rows : (T, 70 or 73)
    """
    still = semantics.still_window(source[: rows.shape[1]])
    at_rest = moved(canonical, mapping(torch.from_numpy(still)[None]))
    asked = {
        name: torch.from_numpy(semantics.camera_path(path, len(rows)))
        for name, path in (("yaw", options.yaw), ("pitch", options.pitch), ("roll", options.roll))
        if path is not None
    }
    found = []
    for frames in _pieces(len(rows)):
        between()
        pose = mapping(torch.from_numpy(semantics.windows(rows, frames)))
        pose = pose._replace(**{name: path[frames] for name, path in asked.items()})
        found.append(moved(canonical, pose).numpy())
    return at_rest, np.concatenate(found)


def _pieces(frames: int) -> Sequence[NDArray[np.intp]]:
    return [np.arange(first, min(frames, first + AT_ONCE)) for first in range(0, frames, AT_ONCE)]
