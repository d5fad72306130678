"""SadTalker's networks and what lies between them."""

import json
from typing import Any

import cv2
import numpy as np
import torch

from engine.talking.sadtalker import alignment, mel, semantics
from engine.talking.sadtalker.audio_networks import ExpressionNetwork, PoseNetwork
from engine.talking.sadtalker.generator import Generator, Warped
from engine.talking.sadtalker.keypoints import (
    KeypointDetector,
    MappingNetwork,
    Pose,
    degrees,
    moved,
    rotation,
)
from engine.talking.sadtalker.layers import grid_3d, heat
from engine.talking.sadtalker.reconstruction import HEADS, Reconstruction
from engine.talking.smoothing import savitzky_golay
from tests.golden.filling import Array
from tests.golden.fixtures import Deviation, Fixture, Outputs

SEED_PARTS = ("id", "exp", "tex", "angle", "gamma")
PARTS = {
    "kp_extractor": KeypointDetector,
    "generator": Generator,
    "audio2exp": ExpressionNetwork,
    "audio2pose": PoseNetwork,
    "face_3drecon": Reconstruction,
}
VOLUME = (16, 64, 64)
BIG = 4  # the large picture is stored at a quarter of its sides


def tensors(state: dict[str, Array]) -> dict[str, torch.Tensor]:
    return {name: torch.from_numpy(np.array(value)) for name, value in state.items()}


def made(network: torch.nn.Module, fixture: Fixture, net: str) -> Any:
    network.load_state_dict(tensors(fixture.state(net)))
    return network.eval()


def given(fixture: Fixture, name: str) -> torch.Tensor:
    return torch.from_numpy(fixture.inputs[name])


def picture(fixture: Fixture, name: str = "source_u8") -> torch.Tensor:
    return (given(fixture, name).float() / 255).permute(2, 0, 1)[None]


@torch.no_grad()
def audio2exp(fixture: Fixture) -> Outputs:
    net = made(ExpressionNetwork(), fixture, "netG")
    reference = given(fixture, "ref")[0, :, :64]
    found = net(given(fixture, "indiv_mels")[0], reference, given(fixture, "ratio_gt")[0])
    return {"exp_coeff_pred": found[None].numpy()}


@torch.no_grad()
def audio2pose(fixture: Fixture) -> Outputs:
    net: PoseNetwork = made(PoseNetwork(), fixture, "audio2pose")
    found: dict[str, Any] = {}
    for case in ("a", "b"):
        reference = given(fixture, f"ref_{case}")[0, 0, -6:]
        style = int(fixture.inputs[f"class_{case}"][0])
        motion = net.published(
            given(fixture, f"mels_{case}")[0], reference, style, given(fixture, f"z_{case}")[:, 0]
        )
        pose = (motion + reference).numpy()
        found[f"pose_motion_{case}"] = motion[None].numpy()
        found[f"pose_pred_{case}"] = pose[None]
        found[f"pose_smoothed_{case}"] = savitzky_golay(pose, 13, 2)[None]
    return found


@torch.no_grad()
def reconstruction(fixture: Fixture) -> Outputs:
    net = made(Reconstruction(), fixture, "net_recon")
    found = net(picture(fixture, "image_u8")).numpy()
    ends = np.cumsum(HEADS)
    parts = np.split(found, [*ends[:4].tolist(), ends[4]], axis=1)
    return {"coeffs": found, "split_trans": parts[5]} | {
        f"split_{name}": part for name, part in zip(SEED_PARTS, parts, strict=False)
    }


@torch.no_grad()
def detector(fixture: Fixture) -> Outputs:
    return {"value": made(KeypointDetector(), fixture, "kp_detector")(picture(fixture)).numpy()}


@torch.no_grad()
def mapping(fixture: Fixture) -> Outputs:
    windows = given(fixture, "semantics")
    net: MappingNetwork = made(MappingNetwork(windows.shape[1]), fixture, "mapping")
    return {name: value.numpy() for name, value in net.heads(windows).items()}


@torch.no_grad()
def generator(fixture: Fixture) -> Outputs:
    net = made(Generator(), fixture, "generator")
    drawn, warped = net(picture(fixture), given(fixture, "kp_source"), given(fixture, "kp_driving"))
    found = {"prediction": drawn.numpy(), **_motion(warped)}
    if "kp_detector" in fixture.meta["nets"]:
        found["kp_canonical"] = made(KeypointDetector(), fixture, "kp_detector")(picture(fixture)).numpy()
    return found


def _motion(warped: Warped) -> dict[str, Any]:
    return {"mask": warped.mask.numpy(), "occlusion_map": warped.occlusion.numpy()}


@torch.no_grad()
def transformation(fixture: Fixture) -> Outputs:
    canonical = given(fixture, "kp_canonical")
    angles = {name: degrees(given(fixture, name)) for name in ("yaw", "pitch", "roll")}
    pose = Pose(**angles, shift=given(fixture, "t"), expression=given(fixture, "exp"))
    forced = pose._replace(**{name: given(fixture, f"{name}_in") for name in angles})
    found = {
        "kp": moved(canonical, pose),
        "kp_forced_angles": moved(canonical, forced),
        "kp_without_expression": moved(canonical, pose, expression=False),
        "rotation": rotation(*angles.values()),
        "gaussian": heat(given(fixture, "kp_g"), VOLUME),
        "grid": grid_3d(VOLUME, canonical),
    } | {f"{name}_degree": value for name, value in angles.items()}
    return {name: value.numpy() for name, value in found.items()}


@torch.no_grad()
def render(fixture: Fixture) -> Outputs:
    """Key points, mapping and generator together."""
    generator = made(Generator(), fixture, "generator")
    mapped = made(MappingNetwork(70), fixture, "mapping")
    source = picture(fixture)
    canonical = made(KeypointDetector(), fixture, "kp_detector")(source)
    at_rest = moved(canonical, mapped(given(fixture, "source_semantics")))
    poses: Pose = mapped(given(fixture, "target_semantics")[0])
    frames = torch.cat([generator(source, at_rest, one[None])[0] for one in moved(canonical, poses)])
    turned = poses._replace(yaw=torch.full_like(poses.yaw, 20.0))
    frame = generator(source, at_rest, moved(canonical, turned)[:1])[0]
    return {"frames": frames[None].numpy(), "frame_yaw20": frame[None].numpy(), "kp_source": at_rest.numpy()}


def spectrogram(fixture: Fixture) -> Outputs:
    """Mel spectrogram, its windows, blinks. Needs no torch."""
    sound = fixture.inputs["wav_int16"].astype(np.float32) / np.float32(32768)
    frames = int(len(sound) / 16000 * 25)
    sound = sound[: frames * 640]
    found = mel.mel_spectrogram(sound)
    return {
        "mel": found,
        "indiv_mels": mel.windows(found, frames)[None, :, None],
        "ref": np.repeat(fixture.inputs["coeff"][:, None, :70], frames, axis=1),
        "num_frames": frames,
        "wav_length": len(sound),
        "ratio": np.zeros((1, frames, 1)),
        "mel_basis": mel.SPECTRUM.filters,
        "blink_seq_120": mel.regular_blinks(120)[:, None],
    }


def windows(fixture: Fixture) -> Outputs:
    """Windows of semantics and the path of the camera. Needs no torch."""
    source, generated = fixture.inputs["source"][0], fixture.inputs["generated"]
    frames = len(generated)

    def camera(degrees: list[float]) -> Array:
        path = semantics.camera_path(degrees, frames)
        return np.append(path, np.repeat(path[-1:], -frames % 2)).reshape(2, -1)

    return {
        "transform_semantic_1": semantics.still_window(source[:70]),
        "transform_semantic_1_73": semantics.still_window(source),
        "transform_semantic_target": semantics.windows(generated, np.arange(frames)),
        "camera_single": camera([12.0]),
        "camera_path": camera([0.0, -20.0, 20.0, 5.0]),
    }


def preprocess(fixture: Fixture) -> Outputs:
    """The crop and the alignment. Needs no torch."""
    inputs = fixture.inputs
    cases = [(str(n), inputs["image_u8"], points, 512) for n, points in enumerate(inputs["landmarks"])]
    big = inputs["image_big_small_u8"].repeat(BIG, 0).repeat(BIG, 1)
    cases.append(("big", big, inputs["landmarks_big"], 256))
    found: dict[str, Any] = {}
    for name, image, points, size in cases:
        crop = alignment.crop_of(points, image.shape[1], image.shape[0], size)
        cut = cv2.resize(crop.cut(image), (alignment.SIDE, alignment.SIDE))
        found |= {
            f"rsize_{name}": crop.reduced,
            f"crop_{name}": crop.outer,
            f"quad_{name}": crop.inner,
            f"cropped_{name}": cut,
            f"ext_shape_{name}": crop.cut(image, outer=True).shape,
        }
    image = inputs["align_image_u8"]
    up = alignment.y_up(inputs["align_landmarks"], len(image))
    aligned = alignment.align(image, up, inputs["lm3d_5"])
    height, width = image.shape[:2]
    return found | {
        "trans_params": [width, height, aligned.scale, aligned.x, aligned.y],
        "aligned_224": aligned.picture,
        "landmarks_224": aligned.landmarks,
    }


def layout(fixture: Fixture) -> list[Deviation]:
    """Every part of the official file has a network here with its names and shapes."""
    found = []
    for prefix, stated in fixture.meta["prefixes"].items():
        keys = json.loads((fixture.folder / stated["keys_file"]).read_text("utf-8"))["keys"]
        with torch.device("meta"):
            ours = {name: list(value.shape) for name, value in PARTS[prefix]().state_dict().items()}
        wrong = {name for name in keys.keys() | ours.keys() if keys.get(name) != ours.get(name)}
        wrong |= {"count"} if len(ours) != stated["tensors"] else set()
        found.append(Deviation(prefix, float(len(wrong)), 0.5))
    return found
