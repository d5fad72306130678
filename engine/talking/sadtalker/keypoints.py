"""Key points: where a picture has them, and where a face with these coefficients takes them.

The detector finds canonical key points (a face seen from the front at rest); the mapping network turns a
window of coefficients into head angles, a shift and an expression, which move them.
"""

from dataclasses import dataclass
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.talking.sadtalker.layers import Block2d, Block3d, grid_3d, split

TEMPERATURE = 0.1  # of the softmax over a heat map
REDUCED = 4  # the detector looks at a picture of a quarter of the side
BLUR = 13  # px, side of the filter before that
BINS = 66  # classes of an angle, of 3 degrees each, from -99
DEGREE = 3.14 / 180  # the published networks were trained with this value of pi


@dataclass(frozen=True)
class DetectorSize:
    """Widths of the key point detector; those of v0.0.2."""

    keypoints: int = 15
    expansion: int = 32
    most: int = 1024  # channels
    depth: int = 16
    levels: int = 5


class _Predictor(nn.Module):
    """Down in the plane, then up as a volume."""

    def __init__(self, size: DetectorSize) -> None:
        super().__init__()
        widths = [min(size.most, size.expansion * 2**level) for level in range(size.levels + 1)]
        widths[0] = 3
        self.depth = size.depth
        down = {f"down{n}": Block2d(widths[n], widths[n + 1], down=True) for n in range(size.levels)}
        self.down_blocks = nn.Sequential()
        for name, block in down.items():
            self.down_blocks.add_module(name, block)
        self.conv = nn.Conv2d(widths[-1], widths[-1] * size.depth, 1)
        widths[0] = size.expansion
        self.up_blocks = nn.Sequential()
        for n in range(size.levels):
            self.up_blocks.add_module(f"up{n}", Block3d(widths[-1 - n], widths[-2 - n], 1))

    def forward(self, x: Tensor) -> Tensor:
        """(N, 3, H, W) to (N, expansion, D, H, W)."""
        x = self.conv(self.down_blocks(x))
        return cast(Tensor, self.up_blocks(split(x, -1, self.depth)))


class KeypointDetector(nn.Module):
    """Canonical key points of a picture, with the keys of `kp_extractor.`."""

    def __init__(self, size: DetectorSize | None = None) -> None:
        super().__init__()
        size = size or DetectorSize()
        self.predictor = _Predictor(size)
        self.kp = nn.Conv3d(size.expansion, size.keypoints, 3, padding=1)
        self.down = _Blur()

    def forward(self, picture: Tensor) -> Tensor:
        """Find them: (N, 3, H, W) in [0, 1], H = W = 256 or 512, to (N, K, 3): x, y, z in [-1, 1]."""
        maps = self.kp(self.predictor(self.down(picture)))
        weight = functional.softmax(maps.flatten(2) / TEMPERATURE, dim=2)
        places = grid_3d(maps.shape[2:], maps).flatten(0, 2)
        return torch.einsum("nkv,vc->nkc", weight, places)


class _Blur(nn.Module):
    """A filter against aliases, then every fourth pixel; its weight is in the checkpoint."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("weight", torch.zeros(3, 1, BLUR, BLUR))

    def forward(self, x: Tensor) -> Tensor:
        """(N, 3, H, W) to (N, 3, H / 4, W / 4)."""
        return functional.conv2d(x, cast(Tensor, self.weight), padding=BLUR // 2, groups=3, stride=REDUCED)


class Pose(NamedTuple):
    """What moves canonical key points, for N frames.

    Attributes
    ----------
    yaw, pitch, roll : degrees (N,)
    shift : (N, 3), of which only y is used
    expression : (N, 3 K)
    """

    yaw: Tensor
    pitch: Tensor
    roll: Tensor
    shift: Tensor
    expression: Tensor


def degrees(logits: Tensor) -> Tensor:
    """Angles of classified angles: (N, 66) to (N,)."""
    classes = torch.arange(BINS, dtype=logits.dtype, device=logits.device)
    return (functional.softmax(logits, dim=1) * classes).sum(dim=1) * 3 - 99


class MappingNetwork(nn.Module):
    """From a window of 27 frames of coefficients to what moves key points.

    Parameters
    ----------
    coefficients : 70, or 73 for `full`
    """

    def __init__(self, coefficients: int, keypoints: int = 15, width: int = 1024) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Conv1d(coefficients, width, 7))
        for n in range(3):
            self.add_module(
                f"encoder{n}", nn.Sequential(nn.LeakyReLU(0.1), nn.Conv1d(width, width, 3, dilation=3))
            )
        self.fc_roll, self.fc_pitch, self.fc_yaw = (nn.Linear(width, BINS) for _ in range(3))
        self.fc_t = nn.Linear(width, 3)
        self.fc_exp = nn.Linear(width, 3 * keypoints)

    def heads(self, windows: Tensor) -> dict[str, Tensor]:
        """Raw outputs of a window (N, 70 or 73, 27): yaw, pitch, roll (N, 66), t (N, 3), exp (N, 45)."""
        x = self.first(windows)
        for n in range(3):
            x = self.get_submodule(f"encoder{n}")(x) + x[:, :, 3:-3]
        x = x.mean(dim=2)
        return {name: self.get_submodule(f"fc_{name}")(x) for name in ("yaw", "pitch", "roll", "t", "exp")}

    def forward(self, windows: Tensor) -> Pose:
        """What moves key points in the middle of a window."""
        raw = self.heads(windows)
        yaw, pitch, roll = (degrees(raw[name]) for name in ("yaw", "pitch", "roll"))
        return Pose(yaw, pitch, roll, raw["t"], raw["exp"])


def rotation(yaw: Tensor, pitch: Tensor, roll: Tensor) -> Tensor:
    """Rotations (N, 3, 3) of angles in degrees: about x by pitch, about y by yaw, about z by roll."""
    one, zero = torch.ones_like(yaw), torch.zeros_like(yaw)

    def matrix(*values: Tensor) -> Tensor:
        return split(torch.stack(values, dim=1), 3, 3)

    (p_sin, p_cos), (y_sin, y_cos), (r_sin, r_cos) = (
        ((angle * DEGREE).sin(), (angle * DEGREE).cos()) for angle in (pitch, yaw, roll)
    )
    about_x = matrix(one, zero, zero, zero, p_cos, -p_sin, zero, p_sin, p_cos)
    about_y = matrix(y_cos, zero, y_sin, zero, one, zero, -y_sin, zero, y_cos)
    about_z = matrix(r_cos, -r_sin, zero, r_sin, r_cos, zero, zero, zero, one)
    return about_x @ about_y @ about_z


def moved(canonical: Tensor, pose: Pose, *, expression: bool = True) -> Tensor:
    """Key points of a pose: canonical (N or 1, K, 3) to (N, K, 3)."""
    turns = rotation(pose.yaw, pose.pitch, pose.roll)
    turned = torch.einsum("nmp,nkp->nkm", turns, canonical.expand(len(turns), -1, -1))
    only_y = pose.shift.new_tensor([0.0, 1.0, 0.0])
    turned = turned + (pose.shift * only_y)[:, None]
    return turned + split(pose.expression, -1, 3) if expression else turned
