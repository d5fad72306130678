"""Whether the extra `neural` is installed. Nothing here imports it."""

from importlib.util import find_spec

from engine.errors import EngineError

PACKAGES = ("torch", "safetensors")


class NeuralMissing(EngineError):
    """What was asked for needs the extra `neural`, which is not installed."""

    message_id = "neural-missing"


def is_neural() -> bool:
    """Whether the extra is installed."""
    return all(find_spec(package) is not None for package in PACKAGES)


class MetricsMissing(EngineError):
    """A published measure was asked for without its weights, or without the extra `metrics`."""

    message_id = "metrics-missing"


def need_neural() -> None:
    """Say so when the extra is not installed, before something else fails.

    Raises
    ------
    NeuralMissing
    """
    missing = [package for package in PACKAGES if find_spec(package) is None]
    if missing:
        raise NeuralMissing(f"not installed: {', '.join(missing)}")
