"""`python -m engine.stylegan2.gpu_check`: precision and speed on a GPU, for docs/gpu.md.

Draws the same pictures in float32 and bfloat16, tells the relative error, and counts pictures a second.
"""

import json
import sys
import time

import torch

from engine.devices import exact_float32
from engine.stylegan2.generator import Generator
from engine.stylegan2.speed import NARROW, WIDE, generator_256

LIMIT = 2e-2  # relative error of bfloat16
BATCHES = (1, 8, 32)
SECONDS = 3.0  # of drawing for each figure


def relative_error(made: Generator, z: torch.Tensor) -> float:
    """Of pictures in bfloat16 against those in float32, not rounded to TF32."""
    with exact_float32():
        exact = made(z)
    made.precision = torch.bfloat16
    error = torch.linalg.vector_norm(made(z) - exact) / torch.linalg.vector_norm(exact)
    made.precision = torch.float32
    return float(error)


def pictures_a_second(made: Generator, batch: int) -> float:
    """Measured over some seconds, the GPU waited for."""
    z = torch.randn(batch, made.config.z_dim, device=made.w_avg.device)
    for _ in range(3):
        made(z)
    torch.cuda.synchronize()
    started, drawn = time.perf_counter(), 0
    while time.perf_counter() - started < SECONDS:
        made(z)
        torch.cuda.synchronize()
        drawn += batch
    return drawn / (time.perf_counter() - started)


@torch.inference_mode()
def main() -> int:
    """Print one JSON object; 1 when bfloat16 is too far from float32, 2 without a GPU."""
    if not torch.cuda.is_available():
        print("no CUDA device", file=sys.stderr)
        return 2
    torch.manual_seed(0)
    found: dict[str, object] = {"device": torch.cuda.get_device_name(), "torch": torch.__version__}
    worst = 0.0
    for name, base in (("wide", WIDE), ("narrow", NARROW)):
        made = generator_256(base).cuda()
        error = relative_error(made, torch.randn(8, made.config.z_dim, device="cuda"))
        worst = max(worst, error)
        found[f"{name}, bfloat16 error"] = round(error, 5)
        for precision in (torch.float32, torch.bfloat16):
            made.precision = precision
            for batch in BATCHES:
                key = f"{name}, {precision}, batch {batch}, pictures/s".replace("torch.", "")
                found[key] = round(pictures_a_second(made, batch), 1)
    found["peak memory, MB"] = torch.cuda.max_memory_allocated() // 1_000_000
    print(json.dumps(found, indent=2))
    return 0 if worst <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
