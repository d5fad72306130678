"""The two branches that move 68 landmarks: what is said, and how this person moves while saying it.

Both hear windows of WINDOW mel frames of the content encoder. Module names are the checkpoints'.
"""

from math import sqrt

import torch
from torch import Tensor, nn

from engine.talking.makeittalk.content import MELS, SPEAKER
from engine.talking.makeittalk.landmarks import COORDINATES

WINDOW = 18  # mel frames that a landmark frame hears
LONGEST = 512  # frames that the speaker-aware branch sees at once
LATENT = 128  # numbers of the variation between takes
SPEAKER_GAIN = 3.0  # the embedding is multiplied with it
_HIDDEN = 256
_MODEL, _HEADS, _FEED = 64, 2, 2048


def windows_of(sound: Tensor) -> Tensor:
    """Cut mel frames (T, MELS) into (T - WINDOW, WINDOW, MELS); like its authors without the last."""
    return sound.unfold(0, WINDOW, 1)[: len(sound) - WINDOW].transpose(1, 2)


class ContentBranch(nn.Module):
    """Landmark displacements that the words ask for."""

    def __init__(self) -> None:
        super().__init__()
        narrow = 161
        self.fc_prior = nn.Sequential(
            nn.Linear(MELS, 256), nn.BatchNorm1d(256), nn.LeakyReLU(0.2), nn.Linear(256, narrow)
        )
        self.bilstm = nn.LSTM(narrow, _HIDDEN, 3, batch_first=True)
        self.fc = nn.Sequential(
            nn.Linear(_HIDDEN + COORDINATES, 512),
            nn.BatchNorm1d(512),
            nn.LeakyReLU(0.2),
            nn.Linear(512, 256),
            nn.BatchNorm1d(256),
            nn.LeakyReLU(0.2),
            nn.Linear(256, COORDINATES),
        )

    def forward(self, windows: Tensor, face: Tensor) -> Tensor:
        """Displacements (N, COORDINATES) from windows (N, WINDOW, MELS) and a face (COORDINATES,)."""
        # The first layers know no time: each mel frame, not each window, goes through them once.
        prior = self.fc_prior(windows.reshape(-1, MELS)).reshape(len(windows), WINDOW, -1)
        out, _ = self.bilstm(prior)
        moved: Tensor = self.fc(torch.cat([out[:, -1], face.expand(len(windows), -1)], dim=1))
        return moved


class _Norm(nn.Module):
    """Layer norm over the unbiased deviation, with a small number beside it and not under the root."""

    def __init__(self) -> None:
        super().__init__()
        self.alpha = nn.Parameter(torch.ones(_MODEL))
        self.bias = nn.Parameter(torch.zeros(_MODEL))

    def forward(self, x: Tensor) -> Tensor:
        away = x - x.mean(dim=-1, keepdim=True)
        return self.alpha * away / (x.std(dim=-1, keepdim=True) + 1e-6) + self.bias


class _Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.q_linear = nn.Linear(_MODEL, _MODEL)
        self.v_linear = nn.Linear(_MODEL, _MODEL)
        self.k_linear = nn.Linear(_MODEL, _MODEL)
        self.out = nn.Linear(_MODEL, _MODEL)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (
            layer(x).reshape(len(x), _HEADS, -1).transpose(0, 1)
            for layer in (self.q_linear, self.k_linear, self.v_linear)
        )
        weights = torch.softmax(q @ k.transpose(1, 2) / sqrt(_MODEL // _HEADS), dim=-1)
        out: Tensor = self.out((weights @ v).transpose(0, 1).reshape(len(x), _MODEL))
        return out


class _Feed(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear_1 = nn.Linear(_MODEL, _FEED)
        self.linear_2 = nn.Linear(_FEED, _MODEL)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.linear_2(torch.relu(self.linear_1(x)))
        return out


class _Layer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm_1, self.norm_2 = _Norm(), _Norm()
        self.attn = _Attention()
        self.ff = _Feed()

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attn(self.norm_1(x))
        out: Tensor = x + self.ff(self.norm_2(x))
        return out


class _Embedding(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Linear(2 * _HIDDEN, _MODEL)


class _Places(nn.Module):
    """Where in the sequence a frame is; the numbers come with the checkpoint."""

    pe: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("pe", torch.zeros(1, LONGEST, _MODEL))


class _Transformer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = _Embedding()
        self.pe = _Places()
        self.layers = nn.ModuleList(_Layer() for _ in range(2))
        self.norm = _Norm()

    def forward(self, x: Tensor) -> Tensor:
        x = self.embed.embed(x) * sqrt(_MODEL) + self.pe.pe[0, : len(x)]
        for layer in self.layers:
            x = layer(x)
        out: Tensor = self.norm(x)
        return out


class SpeakerBranch(nn.Module):
    """Landmark displacements that belong to the person: the head, and how lively the face is."""

    def __init__(self) -> None:
        super().__init__()
        self.audio_content_encoder = nn.LSTM(MELS, _HIDDEN, 3, batch_first=True)
        self.spk_emb_encoder = nn.Sequential(
            nn.Linear(SPEAKER, 256),
            nn.LeakyReLU(0.02),
            nn.Linear(256, 128),
            nn.LeakyReLU(0.02),
            nn.Linear(128, 128),
        )
        self.encoder = _Transformer()
        self.out = nn.Sequential(
            nn.Linear(_MODEL + LATENT, 512),
            nn.LeakyReLU(0.02),
            nn.Linear(512, 256),
            nn.LeakyReLU(0.02),
            nn.Linear(256, COORDINATES),
        )

    def speaker(self, embedding: Tensor) -> Tensor:
        """What it makes of a speaker embedding (SPEAKER,) that was multiplied with SPEAKER_GAIN: (128,)."""
        out: Tensor = self.spk_emb_encoder(embedding)
        return out

    def forward(self, windows: Tensor, embedding: Tensor, latent: Tensor | None = None) -> Tensor:
        """Displacements (N, COORDINATES).

        Parameters
        ----------
        windows : float32 (N, WINDOW, MELS), N at most LONGEST: they are one sequence
        embedding : float32 (SPEAKER,), multiplied with SPEAKER_GAIN
        latent : float32 (N, LATENT); zeros where none is given
        """
        if latent is None:
            latent = windows.new_zeros(len(windows), LATENT)
        heard = self.audio_content_encoder(windows)[0][:, -1]
        person = self.speaker(embedding).expand(len(windows), -1)
        sequence = self.encoder(torch.cat([heard, person, latent], dim=1))
        moved: Tensor = self.out(torch.cat([sequence, latent], dim=1))
        return moved
