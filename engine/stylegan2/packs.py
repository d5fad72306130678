"""The generator of a style pack."""

from engine.stylegan2.blend import Swap, blend
from engine.stylegan2.checkpoint import read_checkpoint
from engine.stylegan2.generator import Generator
from engine.styles.packs import Pack, PackWeights, PackWrong


def blended(pack: Pack) -> Generator:
    """Read a pack's two generators and blend them as it says.

    Raises
    ------
    PackWrong
        when weights are missing or are others than it names
    CheckpointRefused, CheckpointBroken, CheckpointMismatch
    """
    if missing := pack.missing():
        raise PackWrong("; ".join(missing))
    base, tuned = _generator(pack, pack.base), _generator(pack, pack.tuned)
    low, high = (tuned, base) if pack.direction == "toonify" else (base, tuned)
    return blend(low, high, Swap(pack.swap, pack.level, pack.width))


def base_of(pack: Pack) -> Generator:
    """Read the generator of faces, for which people's styles are searched."""
    return _generator(pack, pack.base)


def _generator(pack: Pack, weights: PackWeights) -> Generator:
    path = pack.weight_path(weights)
    if path is None:
        raise PackWrong(f"{weights.file} is missing")
    return read_checkpoint(path).generator()
