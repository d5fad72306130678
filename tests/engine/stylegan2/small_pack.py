"""A style pack of two small generators with random weights, the second a little off the first."""

from pathlib import Path

import torch

from engine.contents import sha256_of
from engine.stylegan2.checkpoint import save_checkpoint, snapshot
from engine.styles.packs import Pack, add_pack
from tests.engine.stylegan2.small import small_generator


def small_pack(folder: Path, pack_id: str = "fox", refine: int = 3, licence: str = "CC0-1.0") -> Path:
    """Write a pack of 32 px without an encoder: people are searched in a few steps."""
    folder.mkdir(parents=True)
    base = small_generator(1)
    tuned = small_generator(1)
    with torch.no_grad():
        for weight in tuned.parameters():
            weight.add_(0.05 * torch.randn(weight.shape))
    parts = []
    for name, generator in (("base", base), ("tuned", tuned)):
        path = folder / f"{name}.safetensors"
        save_checkpoint(snapshot(generator), path)
        parts += [f'[{name}]\nfile = "{path.name}"\nsha256 = "{sha256_of(path)}"\nlicence = "{licence}"']
    names = '[names]\nen = "Fox"\nko = "여우"'
    about = [f'id = "{pack_id}"', 'kind = "toonify"', "swap = 8", f"refine = {refine}", names, *parts]
    (folder / "style.toml").write_text("\n".join(about), "utf-8")
    return folder


def added_pack(folder: Path, refine: int = 3) -> Pack:
    """Write a small pack and add it."""
    return add_pack(small_pack(folder, refine=refine))
