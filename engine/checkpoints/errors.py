"""What can be wrong with a file of weights."""

from engine.errors import EngineError


class CheckpointRefused(EngineError):
    """The file asks for something that weights never need: code, foreign classes, endless nesting."""

    message_id = "checkpoint-refused"


class CheckpointBroken(EngineError):
    """The file is cut short, or its parts contradict each other."""

    message_id = "checkpoint-broken"


class CheckpointMismatch(EngineError):
    """The file is sound, but its tensors are not those of the network that was asked for."""

    message_id = "checkpoint-mismatch"
