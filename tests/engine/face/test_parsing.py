"""Face parsing: parts are where the face is, and drawing uses them; without weights nothing changes."""

from dataclasses import replace

import numpy as np
import pytest

from engine.engine import Engine
from engine.face.landmarks import FOREHEAD
from engine.face.parts import HAIR, NAMES, Parts, shown
from engine.photo import Photo
from engine.styles import prepare
from engine.weights import BISENET, WeightsMissing, WeightStore, WeightsWrong
from tests.filled_weights import place_defaults, place_parser


@pytest.fixture(scope="module")
def cut(astronaut):
    with Engine() as engine:
        return engine.cut_out(Photo(astronaut))


@pytest.fixture(scope="module")
def parser(tmp_path_factory):
    pytest.importorskip("torch", reason="the extra neural is not installed")
    folder = tmp_path_factory.mktemp("parser")
    place_parser(folder)
    return Engine(WeightStore(folder)).parser()


def test_hair_that_was_seen_is_not_drawn_as_skin(cut):
    """A fringe of the skin's colour: only a parser can know."""
    upright, face = cut
    labels = np.ones(face.matte.shape, np.uint8)
    middle = face.landmarks[[FOREHEAD, 168], 1].mean()
    labels[: int(middle)] = HAIR
    everywhere = np.ones(face.matte.shape, np.float32)
    parts = Parts(labels, everywhere, everywhere)
    without, with_parts = prepare(upright, face), prepare(upright, replace(face, parts=parts))
    points = without.landmarks
    forehead = np.s_[int(points[FOREHEAD, 1]) + 8 : int(points[[FOREHEAD, 168], 1].mean()) - 8,
                     int(points[FOREHEAD, 0]) - 15 : int(points[FOREHEAD, 0]) + 15]  # fmt: skip
    cheek = np.s_[
        int(points[50, 1]) - 5 : int(points[50, 1]) + 5, int(points[50, 0]) - 5 : int(points[50, 0]) + 5
    ]
    assert with_parts.skin.share[forehead].mean() < 0.15
    assert with_parts.skin.share[cheek].mean() > 0.85
    assert without.skin.share[cheek].mean() > 0.85


def test_parts_move_with_the_photo(parser, cut):
    """The square goes with the face: the same person further right has the same parts further right."""
    upright, face = cut
    seen = parser.parse(upright.pixels, face.landmarks)
    wider = np.pad(upright.pixels, ((0, 0), (60, 0), (0, 0)), mode="edge")
    moved = parser.parse(wider, face.landmarks + np.array([60, 0, 0], np.float32))
    sure = (seen.seen > 0.99) & (np.arange(seen.labels.shape[1]) > 40)
    assert sure.mean() > 0.1
    assert (seen.labels == moved.labels[:, 60:])[sure].mean() > 0.97
    assert set(seen.share()) <= set(NAMES)
    assert sum(seen.share().values()) == pytest.approx(1)
    assert (shown(seen)[..., 3] > 0)[sure].all()


def test_without_weights_photos_are_not_parsed_and_who_asks_is_told(tmp_path, cut):
    with Engine(WeightStore(place_defaults(tmp_path))) as engine:
        assert cut[1].parts is None
        with pytest.raises(WeightsMissing, match=BISENET.replace(".", r"\.")):
            engine.parser()


def test_a_wrong_file_is_named_and_photos_are_drawn_all_the_same(tmp_path, astronaut, caplog):
    pytest.importorskip("torch", reason="the extra neural is not installed")
    import torch

    place_defaults(tmp_path)
    torch.save({"conv.weight": torch.zeros(1)}, tmp_path / BISENET)
    with Engine(WeightStore(tmp_path)) as engine:
        assert engine.cut_out(Photo(astronaut))[1].parts is None
        with pytest.raises(WeightsWrong, match=BISENET.replace(".", r"\.")):
            engine.parser()
    assert BISENET in caplog.text
