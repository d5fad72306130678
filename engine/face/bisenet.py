"""BiSeNet over a small ResNet: which of 19 parts of a portrait each pixel shows.

Yu et al., "BiSeNet: Bilateral Segmentation Network for Real-time Semantic Segmentation" (ECCV 2018), in the
variant whose fine features come from the ResNet itself. Module names are the published checkpoint's.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

CLASSES = 19


def _mean(x: Tensor) -> Tensor:
    """Mean over the picture, (B, C, 1, 1)."""
    return x.mean(dim=(2, 3), keepdim=True)


class _Conv(nn.Module):
    """Convolution, norm, ReLU."""

    def __init__(self, inputs: int, outputs: int, size: int = 3) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, size, padding=size // 2, bias=False)
        self.bn = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.bn(self.conv(x)))


class _Block(nn.Module):
    """Residual block of ResNet-18."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        if stride > 1:
            self.downsample: nn.Module = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )
        else:
            self.downsample = nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        out = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        return torch.relu(out + self.downsample(x))


class _ResNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        for number, (inputs, outputs) in enumerate(((64, 64), (64, 128), (128, 256), (256, 512)), start=1):
            blocks = _Block(inputs, outputs, 1 if number == 1 else 2), _Block(outputs, outputs, 1)
            self.add_module(f"layer{number}", nn.Sequential(*blocks))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Features at 1/8, 1/16 and 1/32."""
        x = self.maxpool(torch.relu(self.bn1(self.conv1(x))))
        eighth = self.get_submodule("layer2")(self.get_submodule("layer1")(x))
        sixteenth = self.get_submodule("layer3")(eighth)
        return eighth, sixteenth, self.get_submodule("layer4")(sixteenth)


class _Attention(nn.Module):
    """Channels weighed by what the whole picture shows."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = _Conv(inputs, outputs)
        self.conv_atten = nn.Conv2d(outputs, outputs, 1, bias=False)
        self.bn_atten = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        out: Tensor = x * torch.sigmoid(self.bn_atten(self.conv_atten(_mean(x))))
        return out


class _Context(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.resnet = _ResNet()
        self.arm16, self.arm32 = _Attention(256, 128), _Attention(512, 128)
        self.conv_head32, self.conv_head16 = _Conv(128, 128), _Conv(128, 128)
        self.conv_avg = _Conv(512, 128, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Fine features at 1/8, context at 1/8 and at 1/16."""
        eighth, sixteenth, last = self.resnet(x)
        rough = self.arm32(last) + self.conv_avg(_mean(last))
        up32 = self.conv_head32(interpolate(rough, size=sixteenth.shape[2:]))
        up16 = self.conv_head16(interpolate(self.arm16(sixteenth) + up32, size=eighth.shape[2:]))
        return eighth, up16, up32


class _Fusion(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.convblk = _Conv(256, 256, 1)
        self.conv1 = nn.Conv2d(256, 64, 1, bias=False)
        self.conv2 = nn.Conv2d(64, 256, 1, bias=False)

    def forward(self, fine: Tensor, context: Tensor) -> Tensor:
        x = self.convblk(torch.cat([fine, context], dim=1))
        weights = torch.sigmoid(self.conv2(torch.relu(self.conv1(_mean(x)))))
        out: Tensor = x * weights + x
        return out


class _Output(nn.Module):
    def __init__(self, inputs: int, width: int) -> None:
        super().__init__()
        self.conv = _Conv(inputs, width)
        self.conv_out = nn.Conv2d(width, CLASSES, 1, bias=False)

    def forward(self, x: Tensor, size: torch.Size) -> Tensor:
        scores = self.conv_out(self.conv(x))
        return interpolate(scores, size=size, mode="bilinear", align_corners=True)


class BiSeNet(nn.Module):
    """Pictures (B, 3, H, W), RGB with ImageNet's mean and deviation -> scores (B, CLASSES, H, W)."""

    def __init__(self) -> None:
        super().__init__()
        self.cp = _Context()
        self.ffm = _Fusion()
        self.conv_out = _Output(256, 256)
        self.conv_out16 = _Output(128, 64)
        self.conv_out32 = _Output(128, 64)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        fine, context, _ = self.cp(x)
        out: Tensor = self.conv_out(self.ffm(fine, context), x.shape[2:])
        return out

    def all_outputs(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """With those that only its training looks at, from 1/8 and 1/16."""
        fine, up16, up32 = self.cp(x)
        size = x.shape[2:]
        main = self.conv_out(self.ffm(fine, up16), size)
        return main, self.conv_out16(up16, size), self.conv_out32(up32, size)
