"""Weight files that learned styles can use. The operator brings them: `mytalkcon weights add NAME FILE`.

Names are those that the files have where they are published. No official source that was read states a hash,
so the first copy's is recorded in weights.lock; names and shapes of the tensors are checked instead. The
shapes are those of the published networks (tests/golden has the full lists).
"""

from types import MappingProxyType

from engine.weight_files import Url, WeightFile
from engine.weight_keys import Keys

FAN = "2DFAN4-11f355bf06.pth.tar"
E4E = "e4e_ffhq_encode.pt"
PSP = "psp_ffhq_encode.pt"

_NVIDIA = "NVIDIA Source Code License (non-commercial)"
_HEAD = (512, 512)


def _rosinality(tensors: int, last: str, channels: int) -> Keys:
    shapes = {
        "g_ema.input.input": (1, 512, 4, 4),
        "g_ema.style.8.weight": (512, 512),
        f"g_ema.{last}.conv.weight": (1, 3, channels, 1, 1),
    }
    return Keys(MappingProxyType(shapes), MappingProxyType({"g_ema.": tensors}))


def _nvidia(tensors: int, side: int, channels: int) -> Keys:
    shapes = {
        "G_ema.synthesis.b4.const": (512, 4, 4),
        "G_ema.mapping.w_avg": (512,),
        f"G_ema.synthesis.b{side}.torgb.weight": (3, channels, 1, 1),
    }
    return Keys(MappingProxyType(shapes), MappingProxyType({"G_ema.": tensors}))


def _encoder() -> Keys:
    shapes = {
        "latent_avg": (18, 512),
        "state_dict.encoder.input_layer.0.weight": (64, 3, 3, 3),
        "state_dict.encoder.styles.17.linear.weight": _HEAD,
        "state_dict.decoder.conv1.conv.weight": (1, 512, 512, 3, 3),
    }
    return Keys(MappingProxyType(shapes), MappingProxyType({"state_dict.encoder.": 621}))


LEARNED_FILES: tuple[WeightFile, ...] = (
    WeightFile(
        name="stylegan2-ffhq-config-f.pt",
        purpose="faces of 1024 px, rosinality layout: base of style packs",
        licence=_NVIDIA,
        sha256="",
        sources=(),
        megabytes=382.0,
        keys=_rosinality(171, "to_rgbs.7", 32),
    ),
    WeightFile(
        name="550000.pt",
        purpose="faces of 256 px, rosinality layout: base of style packs",
        licence="",
        sha256="",
        sources=(),
        megabytes=366.0,
        keys=_rosinality(135, "to_rgbs.5", 128),
    ),
    WeightFile(
        name="ffhq.pkl",
        purpose="faces of 1024 px, NVIDIA layout: base of style packs",
        licence=_NVIDIA,
        sha256="",
        sources=(),
        megabytes=382.0,
        keys=_nvidia(156, 1024, 32),
    ),
    WeightFile(
        name="ffhq-res256-mirror-paper256-noaug.pkl",
        purpose="faces of 256 px, NVIDIA layout: base of style packs",
        licence=_NVIDIA,
        sha256="",
        sources=(),
        megabytes=270.0,
        keys=_nvidia(124, 256, 64),
    ),
    WeightFile(
        name=E4E,
        purpose="finds the styles of a face (e4e), for generators of 1024 px",
        licence="",
        sha256="",
        sources=(),
        megabytes=1201.0,
        keys=_encoder(),
    ),
    WeightFile(
        name=PSP,
        purpose="finds the styles of a face (pSp), for generators of 1024 px",
        licence="",
        sha256="",
        sources=(),
        megabytes=1201.0,
        keys=_encoder(),
    ),
    WeightFile(
        name=FAN,
        purpose="68 landmarks of the package face-alignment, for the square around a face",
        licence="",
        sha256="",
        # the address that face_alignment 1.5.0 states for "2DFAN-4"
        sources=(Url("https://www.adrianbulat.com/downloads/python-fan/2DFAN4-11f355bf06.pth.tar"),),
        megabytes=95.6,
        keys=Keys(
            MappingProxyType({"conv1.weight": (64, 3, 7, 7), "l3.weight": (68, 256, 1, 1)}),
            MappingProxyType({"": 800}),
        ),
    ),
)
"""An empty licence is unknown and counts as non-commercial. Sizes are those of the tensors that are used."""
