"""AutoVC's retrained generator: the same words in one fixed voice, as mel frames.

The landmark networks hear its output, so that they know what is said and not who says it. Qian et al.,
"AutoVC" (ICML 2019); the variant with group norms and the pitch as one of 257 classes. Module names are the
checkpoint's.
"""

import torch
from torch import Tensor, nn

MELS = 80
SPEAKER = 256  # numbers of a speaker embedding
PITCHES = 257  # unvoiced, then 256 steps
BLOCK = 16  # frames that share one code
NECK = 16  # width of a code, each direction
MULTIPLE = 32  # lengths must be a multiple of it
_WIDTH = 512
_GROUPS = 32


class _Conv(nn.Module):
    """A convolution over time that keeps the length; the checkpoint has it one level down."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(inputs, outputs, 5, padding=2)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.conv(x)
        return out


def _stack(widths: list[int], groups: list[int]) -> nn.ModuleList:
    return nn.ModuleList(
        nn.Sequential(_Conv(a, b), nn.GroupNorm(group, b))
        for a, b, group in zip(widths, widths[1:], groups, strict=False)
    )


class _Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.convolutions = _stack([MELS + SPEAKER] + [_WIDTH] * 3, [_GROUPS] * 3)
        self.lstm = nn.LSTM(_WIDTH, NECK, 2, batch_first=True, bidirectional=True)

    def forward(self, mel: Tensor, speaker: Tensor) -> Tensor:
        """Codes (B, T / BLOCK, 2 * NECK) of mel (B, T, MELS)."""
        x = torch.cat([mel, speaker[:, None].expand(-1, mel.shape[1], -1)], dim=2).transpose(1, 2)
        for layer in self.convolutions:
            x = torch.relu(layer(x))
        out, _ = self.lstm(x.transpose(1, 2))
        # each direction has heard the whole block at that block's end or beginning
        return torch.cat([out[:, BLOCK - 1 :: BLOCK, :NECK], out[:, ::BLOCK, NECK:]], dim=2)


class _Projection(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear_layer = nn.Linear(_WIDTH, MELS)


class _Decoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(2 * NECK + SPEAKER + PITCHES, _WIDTH, 3, batch_first=True)
        self.linear_projection = _Projection()

    def forward(self, x: Tensor) -> Tensor:
        out, _ = self.lstm(x)
        mel: Tensor = self.linear_projection.linear_layer(out)
        return mel


class _Postnet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.convolutions = _stack([MELS] + [_WIDTH] * 4 + [MELS], [_GROUPS] * 4 + [5])

    def forward(self, mel: Tensor) -> Tensor:
        x = mel.transpose(1, 2)
        *inner, last = self.convolutions
        for layer in inner:
            x = torch.tanh(layer(x))
        out: Tensor = last(x)
        return out.transpose(1, 2)


class ContentEncoder(nn.Module):
    """Mel frames of a voice -> mel frames of the same words in another voice."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = _Encoder()
        self.decoder = _Decoder()
        self.postnet = _Postnet()

    def codes(self, mel: Tensor, speaker: Tensor) -> Tensor:
        """What is said: (B, T / BLOCK, 2 * NECK)."""
        out: Tensor = self.encoder(mel, speaker)
        return out

    def forward(self, mel: Tensor, speaker: Tensor, target: Tensor, pitch: Tensor) -> tuple[Tensor, Tensor]:
        """Say it in the target's voice.

        Parameters
        ----------
        mel : float32 (B, T, MELS), T a multiple of MULTIPLE
        speaker, target : float32 (B, SPEAKER)
        pitch : int64 (B, T), 0 unvoiced .. PITCHES - 1

        Returns
        -------
        mel before and after the postnet, float32 (B, T, MELS)
        """
        frames = mel.shape[1]
        codes = self.codes(mel, speaker).repeat_interleave(BLOCK, dim=1)
        one_hot = nn.functional.one_hot(pitch, PITCHES).to(mel.dtype)
        rough: Tensor = self.decoder(
            torch.cat([codes, target[:, None].expand(-1, frames, -1), one_hot], dim=2)
        )
        return rough, rough + self.postnet(rough)
