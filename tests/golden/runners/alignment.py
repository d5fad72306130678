"""The FFHQ crop. Needs no torch."""

import re
from typing import Any

import numpy as np
from PIL import Image

from engine.face.alignment import align_ffhq, cropped, extent, ffhq_square, padded, shrink_for, shrunk
from tests.golden.filling import Array
from tests.golden.fixtures import Fixture, Outputs

ENCODER_SIDE = 256  # e4e and pSp sample the square at the size they read
BIG = 4  # the large picture is stored at a quarter of its sides
TRANSFORM = 4  # FFHQ itself samples the square at four times its size


def steps(picture: Array, landmarks: Array, key: str) -> dict[str, Any]:
    """What each step of the crop comes to, and its result."""
    square = ffhq_square(landmarks)
    whole = Image.fromarray(picture)
    image, quad, side = shrunk(whole, square, ENCODER_SIDE)
    crop = np.concatenate(extent(quad))
    image, quad = cropped(image, quad, side)
    pad = np.concatenate(extent(quad))
    image, quad = padded(image, quad, side)
    return {
        f"quad_{key}": square.quad,
        f"qsize_{key}": square.side,
        f"shrink_{key}": shrink_for(square.side, ENCODER_SIDE),
        f"crop_{key}": crop,
        f"pad_{key}": pad,
        f"quad_final_{key}": quad + 0.5,
        f"work_size_{key}": np.array(image.size),
        f"aligned_{key}": align_ffhq(picture, landmarks, ENCODER_SIDE, ENCODER_SIDE),
    }


def ffhq(fixture: Fixture) -> Outputs:
    """Every set of landmarks, the large picture, and FFHQ's own sizes."""
    given = fixture.inputs
    found: dict[str, Any] = {}
    for key, landmarks in enumerate(given["landmarks"]):
        found |= steps(given["image_u8"], landmarks, str(key))
    if "landmarks_big" in given:
        picture = given["image_big_small_u8"].repeat(BIG, 0).repeat(BIG, 1)
        found |= steps(picture, given["landmarks_big"], "big")
    for name in fixture.golden:
        if match := re.fullmatch(r"ffhq(\d+)_(\d+)", name):
            size, key = int(match[1]), int(match[2])
            found[name] = align_ffhq(given["image_u8"], given["landmarks"][key], size, TRANSFORM * size)
    return found
