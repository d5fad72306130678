"""The networks and tables of MakeItTalk out of the files that an operator has placed."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.checkpoints.networks import read_network
from engine.checkpoints.tensors import State
from engine.talking.makeittalk.branches import ContentBranch, SpeakerBranch
from engine.talking.makeittalk.content import MELS, SPEAKER, ContentEncoder
from engine.talking.makeittalk.speaker import SpeakerEncoder
from engine.talking.makeittalk.translation import Translation
from engine.weights import MAKEITTALK, RESEMBLYZER, WeightsMissing, WeightStore, WeightsWrong


@dataclass(frozen=True)
class Cast:
    """Everything that turns a voice into landmarks.

    Attributes
    ----------
    mean, deviation : float32 (80,), of the content encoder's mel frames
    target : float32 (256,), the voice in which the content encoder repeats everything
    standard_face : float64 (68, 3), whose depth every face gets
    """

    voice: SpeakerEncoder
    encoder: ContentEncoder
    words: ContentBranch
    person: SpeakerBranch
    mean: Tensor
    deviation: Tensor
    target: Tensor
    standard_face: NDArray[np.float64]


def read_cast(weights: WeightStore) -> Cast:
    """Read all files; those that are missing are named together.

    Raises
    ------
    WeightsMissing, WeightsWrong
    """
    path = placed(weights)
    statistics = torch.from_numpy(numbers(path[MAKEITTALK.statistics], (2, MELS))).float()
    return Cast(
        voice=speaker_encoder(path[RESEMBLYZER]),
        encoder=read_network(path[MAKEITTALK.encoder], ContentEncoder, "model"),
        words=read_network(path[MAKEITTALK.content], ContentBranch, "model_g_face_id"),
        person=read_network(path[MAKEITTALK.speaker], SpeakerBranch, "G", speaking_part),
        mean=statistics[0],
        deviation=statistics[1],
        target=torch.from_numpy(numbers(path[MAKEITTALK.target], (SPEAKER,))).float(),
        standard_face=numbers(path[MAKEITTALK.face], (68, 3)),
    )


def placed(weights: WeightStore) -> dict[str, Path]:
    """Where the files for landmarks are.

    Raises
    ------
    WeightsMissing
        with one sentence that names all that are missing
    """
    found, missing = {}, []
    for name in (*MAKEITTALK.for_landmarks, RESEMBLYZER):
        try:
            found[name] = weights.locate(name)
        except WeightsMissing:
            missing.append(name)
    if missing:
        raise WeightsMissing(
            f"MakeItTalk needs {', '.join(missing)} in {weights.folder}: "
            "`mytalkcon weights add NAME FILE` for each"
            + (f", `mytalkcon weights fetch {RESEMBLYZER}` for that one." if RESEMBLYZER in missing else ".")
        )
    return found


def read_translation(weights: WeightStore) -> Translation:
    """The photo network.

    Raises
    ------
    WeightsMissing, WeightsWrong
    """
    return read_network(weights.locate(MAKEITTALK.photo), Translation, "G")


def speaker_encoder(path: Path) -> SpeakerEncoder:
    """Resemblyzer's network; its file also holds what only its training used."""
    return read_network(
        path,
        SpeakerEncoder,
        "model_state",
        lambda state: {name: value for name, value in state.items() if not name.startswith("similarity_")},
    )


def speaking_part(state: State) -> State:
    """The tensors of the speaker-aware branch that speak: its file holds a decoder and more that do not."""
    return {name: value for name, value in state.items() if not name.startswith(("decoder.", "comb_mlp."))}


def numbers(path: Path, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Numbers of a text file, apart by spaces, commas or lines.

    Raises
    ------
    WeightsWrong
        when they are not as many as `shape` has
    """
    try:
        values = np.array(path.read_text("utf-8").replace(",", " ").split(), np.float64)
        return values.reshape(shape)
    except (OSError, UnicodeDecodeError, ValueError) as error:
        count = int(np.prod(shape))
        raise WeightsWrong(f"{path.name}: {count} numbers were expected ({str(error)[:120]})") from error
