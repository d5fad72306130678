"""SadTalker with few channels and weights made from the tensors' names, in files of the official layouts."""

import struct
import zlib
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.character import Character
from engine.talking.standard_face import standard_face as landmarks_of_a_face
from tests.filled_weights import place_defaults
from tests.golden.filling import filled

ADJUST = (  # gentle motion, as weights that were trained give it
    (r"dense_motion_network\.mask\.weight$", 0.15, 0.0),
    (r"decoder\.conv_img\.weight$", 0.035, 0.0),
    (r"^fc_(t|exp)\.weight$", 0.05, 0.0),
    (r"mapping1\.weight$", 0.05, 0.0),
    (r"linear_audio\.weight$", 0.1, 0.0),
    (r"classbias$", 0.5, 0.0),
    (r"final_layers.*weight$", 0.05, 0.0),
    (r"bn3\.weight$", 0.3, 0.0),
)
POINTS = {30: (0.0, 0.0, 0.7), 48: (-0.3, -0.4, 0.3), 54: (0.3, -0.4, 0.3)} | {  # of the standard face
    number: (x, 0.35, 0.2) for number, x in ((36, -0.45), (39, -0.2), (42, 0.2), (45, 0.45))
}


def sizes():
    from engine.talking.sadtalker.checkpoint import Sizes
    from engine.talking.sadtalker.generator import GeneratorSize
    from engine.talking.sadtalker.keypoints import DetectorSize

    generator = GeneratorSize(
        keypoints=4,
        expansion=4,
        depth=2,
        volume_channels=4,
        residuals=1,
        motion_expansion=2,
        motion_most=16,
        compressed=1,
        spade=4,
        middle_blocks=1,
    )
    detector = DetectorSize(keypoints=4, expansion=4, most=32, depth=4)
    return Sizes(detector, generator, mapping=32, reconstruction=8)


def state(network, prefix=""):
    """Filled tensors of a network, named as in a file."""
    import torch

    shapes = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    return {
        f"{prefix}{name}": torch.from_numpy(np.array(value))
        for name, value in filled(shapes, "", "he", ADJUST).items()
    }


def matlab(points: np.ndarray, packed: bool = True) -> bytes:
    """A MATLAB file of level 5 with one matrix `lm`."""

    def element(kind: int, data: bytes) -> bytes:
        return struct.pack("<II", kind, len(data)) + data + b"\0" * (-len(data) % 8)

    shape = np.array(points.shape, "<i4").tobytes()
    numbers = points.astype("<f8").tobytes(order="F")
    name = struct.pack("<HH", 1, 2) + b"lm\0\0"
    matrix = element(
        14, element(6, struct.pack("<II", 6, 0)) + element(5, shape) + name + element(9, numbers)
    )
    body = zlib.compress(matrix) if packed else matrix
    content = struct.pack("<II", 15, len(body)) + body if packed else body
    return b"MATLAB 5.0 MAT-file".ljust(124) + b"\0\1IM" + content


def standard_face() -> np.ndarray:
    points = np.zeros((68, 3))
    for number, place in POINTS.items():
        points[number] = place
    return points


def write_files(folder: Path, of=None, sides: tuple[int, ...] = (256, 512)) -> None:
    """All files that SadTalker needs, for pictures of `sides` px; of small networks, or of those sizes."""
    import torch
    from safetensors.torch import save_file

    from engine.talking.sadtalker.audio_networks import ExpressionNetwork, PoseNetwork
    from engine.talking.sadtalker.generator import Generator
    from engine.talking.sadtalker.keypoints import KeypointDetector, MappingNetwork
    from engine.talking.sadtalker.reconstruction import Reconstruction

    of = of or sizes()
    with torch.device("meta"):
        parts = {
            "kp_extractor.": KeypointDetector(of.detector),
            "generator.": Generator(of.generator),
            "audio2exp.": ExpressionNetwork(),
            "audio2pose.": PoseNetwork(),
            "face_3drecon.": Reconstruction(of.reconstruction),
        }
        mappings = {
            "mapping_00229-model.pth.tar": MappingNetwork(70, of.detector.keypoints, of.mapping),
            "mapping_00109-model.pth.tar": MappingNetwork(73, of.detector.keypoints, of.mapping),
        }
    tensors = {}
    for prefix, network in parts.items():
        tensors |= state(network, prefix)
    for side in sides:
        save_file(tensors, folder / f"SadTalker_V0.0.2_{side}.safetensors")
    for name, network in mappings.items():
        torch.save({"mapping": state(network)}, folder / name)
    (folder / "similarity_Lm3D_all.mat").write_bytes(matlab(standard_face()))


def place(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make `folder`, filled by `write_files`, the cache folder, and SadTalker as small as its files."""
    from engine.talking.sadtalker import animator

    if not (folder / "face_landmarker.task").exists():
        place_defaults(folder)
    monkeypatch.setenv("MYTALKCON_WEIGHTS_DIR", str(folder))
    monkeypatch.setattr(animator, "SadTalker", partial(animator.SadTalker, sizes=sizes()))


def round_face(shirt: tuple[int, int, int] = (40, 90, 160)) -> Character:
    """A round face with a white border on shoulders, with what a selfie gave."""
    y, x = np.mgrid[:512, :512]
    picture = np.zeros((512, 512, 4), np.uint8)
    head = np.hypot((x - 256) / 130, (y - 250) / 150)
    body = np.hypot((x - 256) / 200, (y - 520) / 150)
    picture[np.minimum(head, body) < 1.1] = 255
    picture[body < 1, :3] = shirt
    picture[head < 1, :3] = (230, 190, 160)
    for centre in ((215, 225), (297, 225), (256, 320)):
        cv2.ellipse(picture, centre, (18, 8), 0, 0, 360, (60, 30, 30, 255), -1, cv2.LINE_AA)
    known = np.random.default_rng(1).normal(0, 0.3, 257).astype(np.float32)
    return Character(picture, landmarks_of_a_face(), "webtoon", 0, coefficients={"sadtalker": known})
