"""What a voice does to a face: expression (audio2exp) and head pose (audio2pose, a conditional VAE).

Both hear windows of the mel spectrogram (see mel.py) through an encoder of the same form.
"""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

EXPRESSION = 64
POSE = 6  # three angles in radians, three translations
HEARD = 512  # numbers of an audio window
STYLES = 46
LATENT = 64
CHUNK = 32  # frames that the pose network makes at once
EXPRESSION_CHUNK = 10  # frames that the expression network sees at once in the published program

# channels, kernel, stride, padding, whether the input is added
AUDIO_LAYERS: tuple[tuple[int, int, int | tuple[int, int], int, bool], ...] = (
    (32, 3, 1, 1, False),
    (32, 3, 1, 1, True),
    (32, 3, 1, 1, True),
    (64, 3, (3, 1), 1, False),
    (64, 3, 1, 1, True),
    (64, 3, 1, 1, True),
    (128, 3, 3, 1, False),
    (128, 3, 1, 1, True),
    (128, 3, 1, 1, True),
    (256, 3, (3, 2), 1, False),
    (256, 3, 1, 1, True),
    (512, 3, 1, 0, False),
    (512, 1, 1, 0, False),
)


class _AudioBlock(nn.Module):
    def __init__(
        self, before: int, after: int, kernel: int, stride: int | tuple[int, int], padding: int, added: bool
    ) -> None:
        super().__init__()
        self.conv_block = nn.Sequential(
            nn.Conv2d(before, after, kernel, stride, padding), nn.BatchNorm2d(after)
        )
        self.added = added

    def forward(self, x: Tensor) -> Tensor:
        inner = self.conv_block(x)
        return functional.relu(inner + x if self.added else inner)


def audio_encoder() -> nn.Sequential:
    """Windows (N, 1, 80, 16) to (N, 512, 1, 1)."""
    layers, before = nn.Sequential(), 1
    for after, kernel, stride, padding, added in AUDIO_LAYERS:
        layers.append(_AudioBlock(before, after, kernel, stride, padding, added))
        before = after
    return layers


class ExpressionNetwork(nn.Module):
    """With the keys of `audio2exp.`; frames do not influence each other."""

    def __init__(self) -> None:
        super().__init__()
        self.audio_encoder = audio_encoder()
        self.mapping1 = nn.Linear(HEARD + EXPRESSION + 1, EXPRESSION)

    def forward(self, windows: Tensor, reference: Tensor, blink: Tensor) -> Tensor:
        """Expressions (T, 64).

        Parameters
        ----------
        windows : (T, 1, 80, 16)
        reference : (T, 64), the expression of the picture
        blink : (T, 1), 0 open .. 1 shut
        """
        return self.shown(self.hear(windows), reference, blink)

    def hear(self, windows: Tensor) -> Tensor:
        """Windows (T, 1, 80, 16) to (T, 512)."""
        return cast(Tensor, self.audio_encoder(windows).flatten(1))

    def shown(self, heard: Tensor, reference: Tensor, blink: Tensor) -> Tensor:
        """Expressions (T, 64) of what was heard (T, 512)."""
        return cast(Tensor, self.mapping1(torch.cat([heard, reference, blink], dim=1)))


class _ResidualConv(nn.Module):
    def __init__(self, before: int, after: int, stride: tuple[int, int]) -> None:
        super().__init__()
        self.conv_block = nn.Sequential(
            nn.BatchNorm2d(before),
            nn.ReLU(),
            nn.Conv2d(before, after, 3, stride, 1),
            nn.BatchNorm2d(after),
            nn.ReLU(),
            nn.Conv2d(after, after, 3, padding=1),
        )
        self.conv_skip = nn.Sequential(nn.Conv2d(before, after, 3, stride, 1), nn.BatchNorm2d(after))

    def forward(self, x: Tensor) -> Tensor:
        return cast(Tensor, self.conv_block(x) + self.conv_skip(x))


class _Up(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.upsample = nn.ConvTranspose2d(channels, channels, (2, 1), (2, 1))

    def forward(self, x: Tensor) -> Tensor:
        return cast(Tensor, self.upsample(x))


class _ResUnet(nn.Module):
    """Smooths a piece of poses, seen as a picture of 32 x 6."""

    def __init__(self) -> None:
        super().__init__()
        a, b, c, d = 32, 64, 128, 256
        down = (2, 1)
        self.input_layer = nn.Sequential(
            nn.Conv2d(1, a, 3, padding=1), nn.BatchNorm2d(a), nn.ReLU(), nn.Conv2d(a, a, 3, padding=1)
        )
        self.input_skip = nn.Sequential(nn.Conv2d(1, a, 3, padding=1))
        self.residual_conv_1 = _ResidualConv(a, b, down)
        self.residual_conv_2 = _ResidualConv(b, c, down)
        self.bridge = _ResidualConv(c, d, down)
        self.upsample_1, self.up_residual_conv1 = _Up(d), _ResidualConv(d + c, c, (1, 1))
        self.upsample_2, self.up_residual_conv2 = _Up(c), _ResidualConv(c + b, b, (1, 1))
        self.upsample_3, self.up_residual_conv3 = _Up(b), _ResidualConv(b + a, a, (1, 1))
        self.output_layer = nn.Sequential(nn.Conv2d(a, 1, 1), nn.Sigmoid())

    def forward(self, x: Tensor) -> Tensor:
        first = self.input_layer(x) + self.input_skip(x)
        second = self.residual_conv_1(first)
        third = self.residual_conv_2(second)
        x = self.upsample_1(self.bridge(third))
        x = self.up_residual_conv1(torch.cat([x, third], dim=1))
        x = self.up_residual_conv2(torch.cat([self.upsample_2(x), second], dim=1))
        x = self.up_residual_conv3(torch.cat([self.upsample_3(x), first], dim=1))
        return cast(Tensor, self.output_layer(x))


class _Coder(nn.Module):
    """What encoder and decoder of the VAE have in common."""

    def __init__(self) -> None:
        super().__init__()
        self.classbias = nn.Parameter(torch.zeros(STYLES, LATENT))
        self.resunet = _ResUnet()
        self.linear_audio = nn.Linear(HEARD, POSE)
        self.MLP = nn.Sequential()


class _Encoder(_Coder):
    """Only trained with; its tensors are in the checkpoint."""

    def __init__(self) -> None:
        super().__init__()
        self.MLP.add_module("L0", nn.Linear(CHUNK * POSE + LATENT + CHUNK * POSE + POSE, 128))
        self.linear_means, self.linear_logvar = nn.Linear(128, LATENT), nn.Linear(128, LATENT)


class _Decoder(_Coder):
    def __init__(self) -> None:
        super().__init__()
        self.MLP.add_module("L0", nn.Linear(POSE + LATENT + CHUNK * POSE, 128))
        self.MLP.add_module("A0", nn.ReLU())
        self.MLP.add_module("L1", nn.Linear(128, CHUNK * POSE))
        self.MLP.add_module("sigmoid", nn.Sigmoid())
        self.pose_linear = nn.Linear(POSE, POSE)

    def forward(self, heard: Tensor, reference: Tensor, style: int, latent: Tensor) -> Tensor:
        """Motion (N, 32, 6) of N chunks that sound like `heard` (N, 32, 512)."""
        latent = latent + self.classbias[style]
        sound = self.linear_audio(heard).flatten(1)
        pose = self.MLP(torch.cat([reference, latent, sound], dim=1)).reshape(-1, 1, CHUNK, POSE)
        return cast(Tensor, self.pose_linear(self.resunet(pose)[:, 0]))


class _Cvae(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.decoder = _Encoder(), _Decoder()


class _CriticBlock(nn.Module):
    def __init__(self, before: int, after: int, kernel: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(before, after, kernel, bias=False)
        self.norm = nn.BatchNorm1d(after)


class _Critic(nn.Module):
    """Only trained with."""

    def __init__(self) -> None:
        super().__init__()
        self.seq = nn.Sequential(
            _CriticBlock(POSE, 256, 4),
            _CriticBlock(256, 512, 4),
            _CriticBlock(512, 1024, 3),
            nn.Conv1d(1024, 1, 3),
        )


class _Ear(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.audio_encoder = audio_encoder()


class PoseNetwork(nn.Module):
    """With the keys of `audio2pose.`."""

    def __init__(self) -> None:
        super().__init__()
        self.audio_encoder = _Ear()
        self.netG, self.netD_motion = _Cvae(), _Critic()

    def hear(self, windows: Tensor) -> Tensor:
        """Windows (T, 1, 80, 16) to (T, 512)."""
        return cast(Tensor, self.audio_encoder.audio_encoder(windows).flatten(1))

    def chunks(self, heard: Tensor, reference: Tensor, style: int, latents: Tensor) -> Tensor:
        """Motion (N, 32, 6) of N chunks.

        Parameters
        ----------
        heard : (N, 32, 512)
        reference : (6,), pose of the picture
        latents : (N, 64), normally distributed
        """
        return cast(Tensor, self.netG.decoder(heard, reference.expand(len(heard), -1), style, latents))

    def published(self, windows: Tensor, reference: Tensor, style: int, latents: Tensor) -> Tensor:
        """Motion (T, 6) as the published program joins it: chunk after chunk, the last from the end.

        Frame 0 is the picture: its motion is 0.

        Parameters
        ----------
        latents : (chunks, 64); one for each full chunk and one for the rest
        """
        heard = self.hear(windows)[1:]
        whole, rest = divmod(len(heard), CHUNK)
        pieces = [heard[n * CHUNK : (n + 1) * CHUNK] for n in range(whole)]
        if rest:
            tail = heard[-CHUNK:]
            front = tail[:1].expand(CHUNK - len(tail), -1)
            pieces.append(torch.cat([front, tail]))
        motion = self.chunks(torch.stack(pieces), reference, style, latents[: len(pieces)])
        joined = motion[:whole].flatten(0, 1)
        if rest:
            joined = torch.cat([joined, motion[-1, -rest:]])
        return torch.cat([torch.zeros_like(joined[:1]), joined])
