"""Motion: what the face does in every frame of a talk."""

from dataclasses import dataclass

from engine.arrays import FloatMap

FPS = 25  # frames per second of every talk

MOUTH_CLASSES = ("sil", "MBP", "FV", "A", "E", "I", "O", "U", "CH", "C")


@dataclass(frozen=True)
class Mouth:
    """Tracks of the mouth at 25 fps, each float32 (frames,) but `viseme`.

    Attributes
    ----------
    viseme : mouth class per frame, one of MOUTH_CLASSES
    jaw : 0 shut .. 1 widest
    rounding : 0 .. 1 lips drawn together and forward (OO)
    spread : 0 .. 1 corners drawn apart (EE)
    lip_raise : 0 .. 1 upper lip lifted off the teeth (E, F)
    tongue : 0 .. 1 tongue tip raised (L, T, TH)
    closure : 0 .. 1; 1 = lips pressed together whatever the jaw does (M, B, P, silence)
    tuck : 0 .. 1 lower lip tucked under the upper teeth (F, V)
    smile : -1 corners down .. 1 corners up, 0 as drawn
    """

    viseme: tuple[str, ...]
    jaw: FloatMap
    rounding: FloatMap
    spread: FloatMap
    lip_raise: FloatMap
    tongue: FloatMap
    closure: FloatMap
    tuck: FloatMap
    smile: FloatMap


@dataclass(frozen=True)
class Head:
    """Tracks of everything above the mouth at 25 fps, each float32 (frames,).

    Attributes
    ----------
    lids : 0 open .. 1 shut
    brows : -1 lowered .. 0 rest .. 1 raised
    frown : -1 inner ends of the brows up (sad) .. 1 down and together (angry)
    yaw, pitch, roll : degrees of the head relative to the drawing; yaw > 0 to the picture's right,
        pitch > 0 down (a nod), roll > 0 clockwise as seen
    breath : 0 .. 1 shoulders up
    gaze_yaw, gaze_pitch : degrees of the eyes in their sockets relative to the drawing; yaw > 0 to the
        picture's right, pitch > 0 down. An iris moves by .55 of its eye's width times the sine, as far as
        there is white (engine/talking/gaze.py)
    """

    lids: FloatMap
    brows: FloatMap
    frown: FloatMap
    yaw: FloatMap
    pitch: FloatMap
    roll: FloatMap
    breath: FloatMap
    gaze_yaw: FloatMap
    gaze_pitch: FloatMap


@dataclass(frozen=True)
class Motion(Mouth, Head):
    """What the whole face does in every frame of a talk."""

    def __len__(self) -> int:
        return len(self.viseme)
