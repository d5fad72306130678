"""How fast this machine toonifies a photo, and in how much memory: random weights of the usual sizes."""

import tempfile
import time
from pathlib import Path

import torch

from engine.engine import Engine
from engine.evaluate.speed import Measure, peak_megabytes
from engine.photo import Photo
from engine.stylegan2.checkpoint import save_checkpoint, snapshot
from engine.stylegan2.encoders import STYLE, Encoder
from engine.stylegan2.speed import STYLES, WIDE, fastest, generator_256
from engine.styles import LearnedStyle
from engine.styles.packs import Pack, read_pack, sha256_of
from engine.together import alone

DESCRIPTION = """
id = "{id}"
kind = "toonify"
swap = 32
[names]
en = "Random"
ko = "무작위"
"""


def random_pack(folder: Path, pack_id: str = "random", seed: int = 0) -> Pack:
    """Write a pack of 256 px with an encoder, all weights random: 1.1 GB."""
    torch.manual_seed(seed)
    description = DESCRIPTION.format(id=pack_id)
    for part in ("base", "tuned"):
        save_checkpoint(snapshot(generator_256(WIDE)), folder / f"{part}.pt")
    tensors = Encoder("e4e", STYLES).eval().state_dict()
    content = {
        "state_dict": {f"encoder.{name}": tensor for name, tensor in tensors.items()},
        "latent_avg": torch.zeros(STYLES, STYLE),
        "opts": {"encoder_type": "Encoder4Editing"},
    }
    torch.save(content, folder / "encoder.pt")
    for part in ("base", "tuned", "encoder"):
        path = folder / f"{part}.pt"
        description += f'[{part}]\nfile = "{path.name}"\nsha256 = "{sha256_of(path)}"\nlicence = "CC0-1.0"\n'
    (folder / "style.toml").write_text(description, "utf-8")
    return read_pack(folder)


def toonify_measures(photo: Photo, runs: int = 5) -> list[Measure]:
    """Measure a photo from pixels to the character, its first time and the next ones."""
    with tempfile.TemporaryDirectory() as folder, Engine() as engine:
        pack = random_pack(Path(folder))
        style = LearnedStyle(pack.id, pack.names, pack)
        engine.draw(photo, ["webtoon"])  # the default path is warm, as in a bot that runs
        peak = peak_megabytes()
        started = time.perf_counter()
        alone(engine.drawing(photo, [style]))
        first = time.perf_counter() - started
        usual = fastest(lambda: alone(engine.drawing(photo, [style])), runs)
        return [
            Measure("toonify a photo at 256 px", usual, "s", "at most 4"),
            Measure("more at a pack's first use", first - usual, "s", "at most 3"),
            Measure("peak memory", peak_megabytes(), "MB", "at most 1500"),
            Measure("peak memory before", peak, "MB", ""),
        ]
