"""The generator of a style pack."""

from engine.stylegan2.blend import Swap, blended_networks
from engine.stylegan2.checkpoint import Checkpoint, read_checkpoint
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
    base, tuned = (_checkpoint(pack, part).generator_network() for part in (pack.base, pack.tuned))
    low, high = (tuned, base) if pack.direction == "toonify" else (base, tuned)
    return blended_networks(low, high, Swap(pack.swap, pack.level, pack.width))


def base_of(pack: Pack) -> Generator:
    """Read the generator of faces, for which people's styles are searched; raises as `blended` does."""
    return _checkpoint(pack, pack.base).generator()


def _checkpoint(pack: Pack, weights: PackWeights) -> Checkpoint:
    return read_checkpoint(pack.checked_path(weights))
