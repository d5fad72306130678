"""A style pack of the usual sizes with random weights: time and memory do not depend on what they are."""

from pathlib import Path

import torch

from engine.contents import sha256_of
from engine.stylegan2.checkpoint import save_checkpoint, snapshot
from engine.stylegan2.encoders import STYLE, Encoder
from engine.stylegan2.speed import STYLES, WIDE, generator_256
from engine.styles.packs import Pack, read_pack

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
    folder.mkdir(parents=True, exist_ok=True)
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
