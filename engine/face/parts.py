"""Which part of a portrait each pixel shows. Needs no network: `parsing.py` has it, and needs weights."""

from dataclasses import dataclass

import cv2
import numpy as np

from engine.arrays import FloatMap, Pixels
from engine.raster import Matrix, warped

NAMES = (
    *("background", "skin", "l_brow", "r_brow", "l_eye", "r_eye", "eye_g", "l_ear", "r_ear", "ear_r"),
    *("nose", "mouth", "u_lip", "l_lip", "neck", "neck_l", "cloth", "hair", "hat"),
)
"""Classes of CelebAMask-HQ in BiSeNet's order; l, r: the person's own; eye_g glasses, ear_r an earring."""

BACKGROUND, CLOTH, HAIR, HAT = (NAMES.index(name) for name in ("background", "cloth", "hair", "hat"))
SKIN = tuple(NAMES.index(name) for name in ("skin", "l_ear", "r_ear", "nose", "neck"))
GLASSES = NAMES.index("eye_g")
COLOURS = {
    "background": (232, 232, 232),
    "skin": (240, 188, 150),
    "features": (196, 64, 72),
    "cloth": (70, 120, 190),
    "hair": (90, 60, 40),
    "hat": (60, 150, 90),
    "worn": (120, 90, 160),
}
"""RGB of each group when classes are shown."""


@dataclass(frozen=True)
class Parts:
    """What a parser saw in a photo.

    Attributes
    ----------
    labels : uint8 (H, W), indices into NAMES
    person : float32 (H, W) in [0, 1], how surely a pixel is not background
    seen : float32 (H, W) in [0, 1], where the parser looked; elsewhere the two above mean nothing
    """

    labels: Pixels
    person: FloatMap
    seen: FloatMap

    def moved(self, matrix: Matrix, width: int, height: int, method: int = 0) -> "Parts":
        """The parts on another canvas; nobody looked beyond the photo. `method`: more flags for OpenCV."""
        return Parts(
            warped(self.labels, matrix, width, height, method=cv2.INTER_NEAREST | method),
            warped(self.person, matrix, width, height, method=cv2.INTER_LINEAR | method),
            warped(self.seen, matrix, width, height, method=cv2.INTER_LINEAR | method),
        )

    def sure_of(self, *classes: int) -> FloatMap:
        """1 where one of the classes was seen, float32 (H, W); 0 elsewhere."""
        return np.asarray(np.isin(self.labels, classes) * self.seen, np.float32)

    def share(self) -> dict[str, float]:
        """Part of the seen pixels that each class has; classes that are nowhere are left out."""
        looked = self.labels[self.seen > 0.5]
        counts = np.bincount(looked, minlength=len(NAMES)) / max(1, looked.size)
        return {name: float(part) for name, part in zip(NAMES, counts, strict=True) if part > 0}


def group_of(name: str) -> str:
    """Group of a class: background, skin, features, cloth, hair, hat or worn."""
    if name in ("background", "cloth", "hair", "hat"):
        return name
    if name in ("eye_g", "ear_r", "neck_l"):
        return "worn"
    return "skin" if NAMES.index(name) in SKIN else "features"


def shown(parts: Parts) -> Pixels:
    """Colours of the groups, uint8 (H, W, 4); transparent where nobody looked."""
    table = np.array([COLOURS[group_of(name)] for name in NAMES], np.uint8)
    alpha = np.rint(parts.seen * 255).astype(np.uint8)
    return np.dstack([table[parts.labels], alpha])
