"""What a run tells: a line of JSON a tick, and, where asked for, TensorBoard and Weights & Biases."""

import json
import os
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from engine.arrays import Pixels
from engine.media.partial import write_whole
from engine.stylegan2.training.choices import Tracker
from engine.stylegan2.training.errors import TrackerMissing

LINES = "log.jsonl"
Values = Mapping[str, float]


class Listener(Protocol):
    """One of them."""

    def values(self, step: int, values: Values) -> None:
        """Note numbers."""

    def picture(self, step: int, name: str, picture: Pixels) -> None:
        """Note a picture (H, W, 3)."""

    def close(self) -> None:
        """Write what is left."""


class TensorBoard:
    """Event files in the run's folder."""

    def __init__(self, folder: Path, settings: Mapping[str, Any], step: int) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self._writer = SummaryWriter(str(folder / "tensorboard"), purge_step=step + 1)
        self._writer.add_text("options", json.dumps(dict(settings)))

    def values(self, step: int, values: Values) -> None:
        """Note numbers."""
        for name, value in values.items():
            self._writer.add_scalar(name, value, step)

    def picture(self, step: int, name: str, picture: Pixels) -> None:
        """Note a picture."""
        self._writer.add_image(name, picture, step, dataformats="HWC")

    def close(self) -> None:
        """Write what is left."""
        self._writer.close()


class WeightsAndBiases:
    """A run of W&B: kept in the folder, and sent only where WANDB_API_KEY or WANDB_MODE says so."""

    def __init__(self, folder: Path, settings: Mapping[str, Any], _step: int) -> None:
        import wandb

        self._wandb = wandb
        with_key = "WANDB_API_KEY" in os.environ
        self._run = wandb.init(
            project="mytalkcon",
            dir=folder,
            config=dict(settings),
            mode=None if "WANDB_MODE" in os.environ else "online" if with_key else "offline",
        )

    def values(self, step: int, values: Values) -> None:
        """Note numbers."""
        self._run.log(dict(values), step=step)

    def picture(self, step: int, name: str, picture: Pixels) -> None:
        """Note a picture."""
        self._run.log({name: self._wandb.Image(picture)}, step=step)

    def close(self) -> None:
        """Write what is left."""
        self._run.finish()


def listener(tracker: Tracker, folder: Path, settings: Mapping[str, Any], step: int) -> Listener:
    """Start a tracker; where it can, it forgets what it was told of steps after `step`.

    Raises
    ------
    TrackerMissing
        when its library is not installed
    """
    if find_spec(tracker) is None:
        raise TrackerMissing(f"{tracker} is not installed", tracker=str(tracker))
    return (TensorBoard if tracker is Tracker.TENSORBOARD else WeightsAndBiases)(folder, settings, step)


class Journal:
    """All of them. Lines of steps that a resumed run takes again are dropped first."""

    def __init__(
        self, folder: Path, settings: Mapping[str, Any], trackers: tuple[Tracker, ...] = (), step: int = 0
    ) -> None:
        self._path = folder / LINES
        self._listeners = [listener(tracker, folder, settings, step) for tracker in trackers]
        lines = read_lines(self._path) if step else []
        kept = [line for line in lines if line["step"] <= step]
        write_whole(self._path, "".join(f"{json.dumps(line)}\n" for line in kept).encode())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for one in self._listeners:
            one.close()

    def values(self, step: int, values: Values) -> None:
        """Note a tick."""
        with self._path.open("a") as file:
            file.write(f"{json.dumps({'step': step, **values})}\n")
        for one in self._listeners:
            one.values(step, values)

    def picture(self, step: int, name: str, picture: Pixels) -> None:
        """Note a picture."""
        for one in self._listeners:
            one.picture(step, name, picture)


def read_lines(path: Path) -> list[dict[str, float]]:
    """All ticks of a run so far; a line that a kill cut off is left out."""
    if not path.exists():
        return []
    lines = path.read_text().split("\n")
    return [json.loads(line) for line in lines[:-1]]
