"""`python -m engine.talking.sadtalker.gpu_check`: precision and speed on a GPU, for docs/gpu.md.

Draws the same frames the published way and ours in float32 and bfloat16, tells the relative error, and counts
frames a second at 256 px.
"""

import json
import sys
import time
from collections.abc import Callable
from functools import partial

import torch

from engine.talking.sadtalker.fast import FastGenerator
from engine.talking.sadtalker.generator import Features
from engine.talking.sadtalker.speed import Scene, random_generator, random_scene

LIMIT = 2e-2  # relative error of bfloat16
WANTED = 25.0  # frames a second on one H100
BATCHES = (1, 8, 16, 32)
SECONDS = 3.0  # of drawing for each figure
SIDE = 256


def frames_a_second(work: Callable[[], object], batch: int) -> float:
    """Measured over some seconds, the GPU waited for."""
    for _ in range(3):
        work()
    torch.cuda.synchronize()
    started, drawn = time.perf_counter(), 0
    while time.perf_counter() - started < SECONDS:
        work()
        torch.cuda.synchronize()
        drawn += batch
    return drawn / (time.perf_counter() - started)


def _repeated(features: Features, batch: int) -> Features:
    return Features(*(layer.expand(batch, *layer.shape[1:]) for layer in features))


@torch.inference_mode()
def main() -> int:
    """Print one JSON object; 1 when a figure is not as wanted, 2 without a GPU."""
    if not torch.cuda.is_available():
        print("no CUDA device", file=sys.stderr)
        return 2
    plain = random_generator().cuda()
    scene = random_scene(SIDE, max(BATCHES))
    scene = Scene(scene.picture.cuda(), scene.source.cuda(), scene.driving.cuda())
    few = scene.driving[:8]
    exact = torch.cat([plain(scene.picture, scene.source, one[None])[0] for one in few])
    found: dict[str, object] = {"device": torch.cuda.get_device_name(), "torch": torch.__version__}
    published = frames_a_second(lambda: plain(scene.picture, scene.source, few[:1]), 1)
    found["as published, frames/s"] = round(published, 1)
    best, error = 0.0, 0.0
    for precision in (torch.float32, torch.bfloat16):
        fast = FastGenerator(plain, "cuda", precision)
        features = fast.features(scene.picture)
        drawn, _ = fast.render(_repeated(features, len(few)), scene.source.expand(len(few), -1, -1), few)
        error = float((drawn - exact).norm() / exact.norm())
        name = str(precision).removeprefix("torch.")
        found[f"{name}, error"] = round(error, 5)
        for batch in BATCHES:
            alike, source = _repeated(features, batch), scene.source.expand(batch, -1, -1)
            work = partial(fast.render, alike, source, scene.driving[:batch])
            speed = frames_a_second(work, batch)
            found[f"{name}, batch {batch}, frames/s"] = round(speed, 1)
            best = max(best, speed)
    found["peak memory, MB"] = torch.cuda.max_memory_allocated() // 1_000_000
    print(json.dumps(found, indent=2))
    return 0 if error <= LIMIT and best >= max(WANTED, 2 * published) else 1


if __name__ == "__main__":
    sys.exit(main())
