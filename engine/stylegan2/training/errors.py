"""What can go wrong in training, explained to who trains."""

from engine.errors import EngineError, PersonProblem


class NoDrawings(PersonProblem):
    """The folder holds no picture that can be read."""

    message_id = "training-no-drawings"


class MixedDrawings(PersonProblem):
    """Drawings are not all squares of one size."""

    message_id = "training-mixed-drawings"


class DrawingsTooSmall(PersonProblem):
    """Drawings have fewer px than the networks."""

    message_id = "training-drawings-too-small"


class WrongBase(PersonProblem):
    """The base checkpoint cannot be trained further."""

    message_id = "training-wrong-base"


class WrongOptions(PersonProblem):
    """Options that do not go together."""

    message_id = "training-wrong-options"


class AnotherRun(PersonProblem):
    """The folder holds a run that was begun with other options or other drawings."""

    message_id = "training-another-run"


class TrackerMissing(PersonProblem):
    """A tracker was asked for whose library is not installed."""

    message_id = "training-tracker-missing"


class TooLarge(EngineError):
    """Not even one picture at once fits into memory."""

    message_id = "training-too-large"


class Diverged(EngineError):
    """A loss is no number any more; `snapshot` names the last one before."""

    message_id = "training-diverged"
