"""A person's character: the drawing with the landmarks it was drawn with, and its two files on disk.

`NAME.png` holds the drawing; `NAME.json` the rest. A folder made by `mytalkcon make` calls them `sticker.png`
and `character.json`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError

from engine.arrays import FloatMap, Pixels, Points
from engine.errors import PersonProblem
from engine.face.landmarks import CHIN, COUNT, FOREHEAD, LEFT_EYE_OUTER, RIGHT_EYE_OUTER
from engine.texture import Texture

SIZE = 512  # px, side of every character
FORMAT = 1  # of the JSON file
MOST_COEFFICIENTS = 4096  # of one engine
PHOTO = "photo"  # style of a character that is no drawing but the person cut out
SMALLEST_PART = 16  # px, between the eyes and from forehead to chin


class NotACharacter(PersonProblem):
    """The folder or file holds no character that this version can read."""

    message_id = "not-a-character"


@dataclass(frozen=True)
class Character:
    """A drawing that can speak.

    The landmarks were moved by the same shape change as the picture: no face is ever detected on a drawing.

    Attributes
    ----------
    drawing : uint8 (512, 512, 4), RGBA, straight alpha, with border and shadow
    landmarks : float32 (478, 3), MediaPipe face mesh, px of the drawing
    style : id of the style
    seed : the drawing is a function of photo, style and seed
    yaw, pitch, roll : degrees, of the head in the drawing
    texture : what lies on the paper and is part of `drawing`, where the style has one
    coefficients : what engines that make it speak took from the selfie, by their names, float32 (N,) each
    """

    drawing: Pixels
    landmarks: Points
    style: str
    seed: int
    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    texture: Texture | None = None
    coefficients: Mapping[str, FloatMap] = field(default_factory=dict)


def settled(character: Character) -> Character:
    """The character as it will be after it was saved and loaded: what it says today it says tomorrow."""
    drawing = character.drawing.copy()
    drawing[drawing[..., 3] == 0] = 0
    return from_json(to_json(character), drawing)


def to_json(character: Character) -> str:
    """Everything but the drawing, as JSON without time and path; landmarks to 0.01 px."""
    values: dict[str, Any] = {
        "format": FORMAT,
        "style": character.style,
        "seed": character.seed,
        "pose": [round(float(v), 2) for v in (character.yaw, character.pitch, character.roll)],
        "landmarks": [[round(float(v), 2) for v in point] for point in character.landmarks],
    }
    if character.texture is not None:
        values["texture"] = character.texture.to_values()
    if character.coefficients:
        values["coefficients"] = {
            name: [round(float(v), 6) for v in numbers] for name, numbers in character.coefficients.items()
        }
    return json.dumps(values, separators=(",", ":")) + "\n"


def from_json(text: str, drawing: Pixels) -> Character:
    """Put a character together again.

    Raises
    ------
    NotACharacter
        when the text is not what `to_json` writes
    """
    try:
        values = json.loads(text)
        landmarks = np.array(values["landmarks"], np.float32)
        yaw, pitch, roll = (float(v) for v in values["pose"])
        style, seed, version = str(values["style"]), int(values["seed"]), values["format"]
        texture = Texture.from_values(values["texture"]) if "texture" in values else None
        coefficients = {
            str(name): np.array(numbers, np.float32)
            for name, numbers in dict(values.get("coefficients", {})).items()
        }
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        raise NotACharacter(f"unreadable JSON: {error}") from error
    if version != FORMAT or landmarks.shape != (COUNT, 3) or seed < 0:
        raise NotACharacter(f"format {version}, landmarks {landmarks.shape}, seed {seed}")
    if not _is_a_face(landmarks) or not all(abs(angle) <= 90 for angle in (yaw, pitch, roll)):
        raise NotACharacter(f"no face on the drawing: yaw {yaw}, pitch {pitch}, roll {roll}")
    if not all(_are_coefficients(numbers) for numbers in coefficients.values()):
        raise NotACharacter(f"coefficients of {', '.join(coefficients)}")
    return Character(drawing, landmarks, style, seed, yaw, pitch, roll, texture, coefficients)


def _are_coefficients(numbers: FloatMap) -> bool:
    return numbers.ndim == 1 and numbers.size <= MOST_COEFFICIENTS and bool(np.isfinite(numbers).all())


def _is_a_face(landmarks: Points) -> bool:
    """Whether landmarks lie about the drawing and a face is wide and high enough to move."""
    if not np.isfinite(landmarks).all() or np.abs(landmarks - SIZE / 2).max() > 1.5 * SIZE:
        return False
    height = np.linalg.norm(landmarks[CHIN, :2] - landmarks[FOREHEAD, :2])
    eyes = np.linalg.norm(landmarks[LEFT_EYE_OUTER, :2] - landmarks[RIGHT_EYE_OUTER, :2])
    return bool(min(height, eyes) > SMALLEST_PART)


def load(place: Path) -> Character:
    """Character from a folder (`character.json`, or the only other JSON in it) or from its JSON file.

    Raises
    ------
    NotACharacter
    """
    description = _description_in(place) if place.is_dir() else place
    picture = description.with_name(
        "sticker.png" if description.name == "character.json" else description.stem + ".png"
    )
    try:
        with Image.open(picture, formats=["PNG"]) as image:
            if image.size != (SIZE, SIZE) or image.mode != "RGBA":
                raise NotACharacter(f"{picture.name} is {image.mode} {image.size}")
            drawing = np.asarray(image).copy()
        return from_json(description.read_text("utf-8"), drawing)
    except (OSError, UnidentifiedImageError, UnicodeDecodeError) as error:
        raise NotACharacter(f"{place}: {error}") from error


def _description_in(folder: Path) -> Path:
    if (folder / "character.json").is_file():
        return folder / "character.json"
    found = sorted(folder.glob("*.json"))
    if len(found) != 1:
        raise NotACharacter(f"{len(found)} JSON files in {folder}, and no character.json")
    return found[0]
