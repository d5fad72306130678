"""Weight files in their published layouts, filled with numbers made of the tensors' names."""

from pathlib import Path

import numpy as np

from engine.face.landmarks import ibug_68
from engine.talking.standard_face import standard_face
from engine.weights import BISENET, DEFAULT_FILES, MAKEITTALK, RESEMBLYZER, WeightStore
from tests.golden.fixtures import Fixture

GOLDEN = Path(__file__).parent / "golden"


def filled(fixture: str, net: str):
    """Tensors of a network of a fixture."""
    import torch

    state = Fixture(GOLDEN, fixture).state(net)
    return {name: torch.from_numpy(np.array(value)) for name, value in state.items()}


def place_defaults(folder: Path) -> Path:
    """The files of the default path, as links; gives the folder."""
    usual = WeightStore().folder
    for file in DEFAULT_FILES:
        if (usual / file.name).is_file():
            (folder / file.name).symlink_to(usual / file.name)
    return folder


def place_makeittalk(folder: Path, *, photo: bool = False) -> None:
    """All that MakeItTalk needs for drawings; for photos, too, where they are wanted (280 MB)."""
    import torch

    torch.save({"model": filled("makeittalk_autovc", "G")}, folder / MAKEITTALK.encoder)
    torch.save({"model_g_face_id": filled("makeittalk_content", "C")}, folder / MAKEITTALK.content)
    speaker = filled("makeittalk_pos", "G") | {"comb_mlp.0.bias": torch.zeros(2)}
    torch.save({"G": speaker}, folder / MAKEITTALK.speaker)
    voice = filled("resemblyzer_voice_encoder", "encoder") | {"similarity_weight": torch.ones(1)}
    torch.save({"step": 1, "model_state": voice}, folder / RESEMBLYZER)
    if photo:
        parallel = {f"module.{name}": value for name, value in filled("makeittalk_resunet", "G").items()}
        torch.save({"G": parallel}, folder / MAKEITTALK.photo)
    random = np.random.default_rng(0)
    face = ibug_68(standard_face())
    face = (face - face.mean(axis=0)) / np.abs(face - face.mean(axis=0)).max()
    tables = {
        MAKEITTALK.statistics: np.concatenate([random.normal(0, 0.2, 80), np.full(80, 1.0)]),
        MAKEITTALK.target: np.abs(random.normal(0, 0.06, 256)),
        MAKEITTALK.face: face,
    }
    for name, values in tables.items():
        np.savetxt(folder / name, values)


def place_parser(folder: Path) -> None:
    """The face parser's file."""
    import torch

    torch.save(filled("bisenet_face_parsing", "bisenet"), folder / BISENET)
