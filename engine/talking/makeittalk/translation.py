"""From a drawing of landmarks and a photo to the photo with these landmarks: a residual U-Net at 256 px.

Module names are the checkpoint's.
"""

import torch
from torch import Tensor, nn

SIDE = 256  # px
DOWNS = 6
WIDTH = 64  # of the first level; it doubles DOUBLINGS times
DOUBLINGS = 3


def _conv(inputs: int, outputs: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)


class _Residual(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.block = nn.Sequential(
            _conv(width, width),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            _conv(width, width),
            nn.BatchNorm2d(width),
        )

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x + self.block(x))


class _Level(nn.Module):
    """One level: down, what is below it, up again; all but the outermost pass their input on beside that."""

    def __init__(self, outer: int, width: int, below: "_Level | None", inputs: int = 0) -> None:
        super().__init__()
        self.outermost = inputs > 0
        down: list[nn.Module] = [_conv(inputs or outer, width, stride=2)]
        if below is not None and not self.outermost:
            down.append(nn.BatchNorm2d(width))
        down += [nn.ReLU(), _Residual(width), _Residual(width)]
        up: list[nn.Module] = [nn.Upsample(scale_factor=2), _conv(width * (2 if below else 1), outer)]
        if not self.outermost:
            up += [nn.BatchNorm2d(outer), nn.ReLU(), _Residual(outer), _Residual(outer)]
        self.model = nn.Sequential(*down, *([below] if below else []), *up)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.model(x)
        return out if self.outermost else torch.cat([x, out], dim=1)


class Translation(nn.Module):
    """The whole network: float32 (B, 6, SIDE, SIDE) -> (B, 3, SIDE, SIDE), before the tanh."""

    def __init__(self) -> None:
        super().__init__()
        widths = [WIDTH << min(level, DOUBLINGS) for level in range(DOWNS)]
        level = None
        for outer, width in zip(reversed(widths[:-1]), reversed(widths[1:]), strict=True):
            level = _Level(outer, width, level)
        self.model = _Level(3, widths[0], level, inputs=6)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        out: Tensor = self.model(x)
        return out


def pictures(raw: Tensor) -> Tensor:
    """What the network's output shows, in [0, 1]."""
    return torch.tanh(raw).clamp_min(0)
