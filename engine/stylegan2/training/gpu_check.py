"""`python -m engine.stylegan2.training.gpu_check`: pace and memory of training on a GPU, for docs/gpu.md.

Trains networks of 256 px by NVIDIA's rule `auto` on noise, in float32 and in bfloat16: seconds per thousand
pictures, and memory. Published on one V100 in half precision: 21.6-24.2 s, 5.0 GB.
"""

import json
import sys
import time
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from engine.arrays import Pixels
from engine.devices import exact_float32
from engine.stylegan2.training import options as rules
from engine.stylegan2.training.choices import Precision
from engine.stylegan2.training.data import Drawings
from engine.stylegan2.training.options import PHASES_REPEAT, Options, Sizes
from engine.stylegan2.training.run import new_networks, new_run, set_p
from engine.stylegan2.training.step import Trainer
from engine.stylegan2.training.team import Team

SIDE, CHANNEL_BASE = 256, 16384  # px; the width of NVIDIA's models of 256 px
P = 0.2  # of augmentation: a usual value in the middle of a run
WARM, MEASURED = 1, 6  # cycles of 16 steps


class Noise(Drawings):
    """Pictures that need no files."""

    def __init__(self) -> None:
        super().__init__([Path(str(number)) for number in range(64)], SIDE, "noise")
        self._noise = torch.randint(0, 256, (64, SIDE, SIDE, 3), dtype=torch.uint8).numpy()

    def pixels(self, number: int) -> Pixels:
        """One of them."""
        found: Pixels = self._noise[number]
        return found


def pace(options: Options, device: torch.device) -> dict[str, float]:
    """Train for some cycles: seconds per thousand pictures, peak memory, losses."""
    torch.manual_seed(0)
    networks = new_networks(Sizes(SIDE, CHANNEL_BASE), 0)
    run = new_run(*networks, options, options.batch, device)
    set_p(run, P)
    trainer = Trainer(run, Noise(), Team(device=device))
    torch.cuda.reset_peak_memory_stats()
    measured: dict[str, Tensor] = {}
    began = time.perf_counter()
    for number in range((WARM + MEASURED) * PHASES_REPEAT):
        if number == WARM * PHASES_REPEAT:
            torch.cuda.synchronize()
            began = time.perf_counter()
        measured |= trainer.step()
    torch.cuda.synchronize()
    seconds = time.perf_counter() - began
    return {
        "s/kimg": round(seconds / (MEASURED * PHASES_REPEAT * options.batch) * 1000, 2),
        "peak memory, GB": round(torch.cuda.max_memory_allocated() / 1e9, 2),
        "pictures at once": run.microbatch,
        **{name: round(float(measured[name]), 4) for name in ("generator loss", "discriminator loss", "r1")},
    }


def main() -> int:
    """Print one JSON object; 2 without a GPU."""
    if not torch.cuda.is_available():
        print("no CUDA device", file=sys.stderr)
        return 2
    device = torch.device("cuda", 0)
    batch = rules.auto_batch(SIDE)
    exact = Options(batch, rules.auto_gamma(SIDE, batch), rules.auto_ema_kimg(batch), None)
    found: dict[str, object] = {
        "device": torch.cuda.get_device_name(),
        "torch": torch.__version__,
        "batch": batch,
        "published, V100, s/kimg": "21.6-24.2",
    }
    with exact_float32():  # as the command trains
        for precision in Precision:
            found[str(precision)] = pace(replace(exact, precision=precision), device)
    print(json.dumps(found, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
