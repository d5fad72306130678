"""An expression is on the face; the lips still say what the voice says."""

import numpy as np
import pytest

from engine.speech.expressions import Expression
from engine.talking.mouth import coefficients, rig_mouth
from engine.talking.standard_face import standard_face
from engine.talking.warp import CLOSED, opening

CORNERS, MIDDLE = (61, 291), (0, 17)


@pytest.fixture(scope="module")
def motions(listener, korean_voice):
    return {e: listener.listen(korean_voice, 3, expression=e).motion for e in Expression}


@pytest.mark.parametrize("expression", Expression)
def test_lips_close_and_open_as_without_it(motions, expression):
    neutral, felt = opening(motions[Expression.NEUTRAL]), opening(motions[expression])
    assert ((neutral < CLOSED) == (felt < CLOSED)).mean() > 0.98
    assert np.corrcoef(neutral, felt)[0, 1] > 0.97
    assert motions[expression].viseme == motions[Expression.NEUTRAL].viseme


def test_corners_go_up_and_down(motions):
    """Against the middle of the lips, in units of the face's height; y is down."""
    face = standard_face()
    rig = rig_mouth(face)
    height = np.linalg.norm(face[152, :2] - face[10, :2])

    def corners(expression):
        moved = rig.move(face, coefficients(motions[expression]))[..., 1]
        return (moved[:, CORNERS].mean(axis=1) - moved[:, MIDDLE].mean(axis=1)).mean() / height

    at_rest = corners(Expression.NEUTRAL)
    assert corners(Expression.HAPPY) < at_rest - 0.012
    assert corners(Expression.SAD) > at_rest + 0.012
    assert corners(Expression.ANGRY) > at_rest + 0.006


def test_brows_tell_the_others_apart(motions):
    surprised, angry, sad = (motions[e] for e in (Expression.SURPRISED, Expression.ANGRY, Expression.SAD))
    assert surprised.brows.mean() > 0.7
    assert angry.brows.mean() < -0.2
    assert angry.frown.mean() > 0.7
    assert sad.frown.mean() < -0.7
    assert sad.pitch.mean() > motions[Expression.NEUTRAL].pitch.mean() + 1.5
    for motion in motions.values():
        assert min(motion.smile.min(), motion.brows.min(), motion.frown.min()) >= -1
        assert max(motion.smile.max(), motion.brows.max(), motion.frown.max(), motion.lids.max()) <= 1
        assert motion.lids.max() == 1, "it still blinks"
