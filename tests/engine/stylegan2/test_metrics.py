"""KID, FID and PPL are the numbers that others compute, and say what saw the pictures."""

import json

import cv2
import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra neural is not installed")

import torch
from PIL import Image

from engine.stylegan2.features import placed_observer, read_efficientnet
from engine.stylegan2.metrics import EPSILON, fid, kid, path_length
from engine.weights import EFFICIENTNET_LITE0, INCEPTION, WeightsMissing, locate
from tests.command import here as mytalkcon
from tests.engine.stylegan2.small import small_generator
from tests.samples import SNAPSHOT

pytestmark = pytest.mark.usefixtures("one_thread")

RANDOM = np.random.default_rng(3)
REAL = RANDOM.normal(size=(60, 24)).astype(np.float32)
DRAWN = (RANDOM.normal(size=(60, 24)) * 1.2 + 0.3).astype(np.float32)


@pytest.fixture
def lite0():
    try:
        return locate(EFFICIENTNET_LITE0)
    except WeightsMissing:
        pytest.skip(f"needs {EFFICIENTNET_LITE0}: mytalkcon weights fetch {EFFICIENTNET_LITE0}")


def test_kid_and_fid_are_those_of_torch_fidelity():
    pytest.importorskip("torch_fidelity", reason="the extra metrics is not installed")
    from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
    from torch_fidelity.metric_kid import kid_features_to_metric

    real, drawn = torch.from_numpy(REAL), torch.from_numpy(DRAWN)
    theirs = kid_features_to_metric(real, drawn, kid_subsets=1, kid_subset_size=60, verbose=False)
    assert kid(REAL, DRAWN).value == pytest.approx(theirs["kernel_inception_distance_mean"], rel=1e-5)
    statistics = [fid_features_to_statistics(one) for one in (real, drawn)]
    theirs = fid_statistics_to_metric(*statistics, verbose=False)
    assert fid(REAL, DRAWN) == pytest.approx(theirs["frechet_inception_distance"], rel=1e-4)


def test_kid_of_sets_of_different_sizes_counts_every_pair_but_a_picture_with_itself():
    drawn = DRAWN[:17].astype(float)

    def mean(first, second, same):
        values = [
            (float(a.astype(float) @ b.astype(float)) / 24 + 1) ** 3
            for i, a in enumerate(first)
            for j, b in enumerate(second)
            if not (same and i == j)
        ]
        return sum(values) / len(values)

    by_hand = mean(REAL, REAL, True) + mean(drawn, drawn, True) - 2 * mean(REAL, drawn, False)
    assert kid(REAL, drawn).value == pytest.approx(by_hand, rel=1e-9)


def test_subsets_are_unbiased_and_the_same_for_the_same_seed():
    taken = kid(REAL, DRAWN, seed=1, subsets=200, largest=30)
    assert taken == kid(REAL, DRAWN, seed=1, subsets=200, largest=30)
    assert taken.subset == 30
    assert taken.value == pytest.approx(kid(REAL, DRAWN).value, abs=4 * taken.spread / np.sqrt(200))


def test_halves_of_one_set_are_near_zero_and_another_set_is_not():
    more = np.random.default_rng(4).normal(size=(2, 400, 24))
    assert abs(kid(more[0], more[1]).value) < 0.01 < kid(more[0], DRAWN).value
    assert fid(more[0], more[0]) == pytest.approx(0, abs=1e-6)
    with pytest.raises(ValueError, match="at least 2"):
        kid(REAL[:1], DRAWN)


def test_path_length_is_the_mean_of_steps_between_the_percentiles():
    """Against a generator, a distance and a trimming that are written out here, a pair at a time."""
    generator, pairs = small_generator(0), 7

    def distance(a, b):
        return (a - b).square().mean(dim=(1, 2, 3))

    drawn, steps = torch.Generator().manual_seed(5), []
    with torch.no_grad():
        for count in (4, 3):
            z = torch.randn(2 * count, generator.config.z_dim, generator=drawn)
            for first, second in zip(z[:count], z[count:], strict=True):
                w, far = generator.map(first[None]), generator.map(second[None])
                near = w + EPSILON * (far - w)
                pictures = [generator.synthesise(generator.styles(one)) for one in (w, near)]
                steps.append(float(distance(*pictures)) / EPSILON**2)
    kept = sorted(steps)  # of so few, the 1st and 99th percentiles are the ends themselves
    expected = sum(kept) / len(kept)
    assert path_length(generator, distance, pairs, seed=5) == pytest.approx(expected, rel=2e-2)


def test_features_are_those_of_the_published_network(lite0, astronaut):
    """The numbers come from efficientnet-lite-pytorch 0.1.0 on the same 224 x 224 px."""
    picture = cv2.resize(astronaut, (224, 224), interpolation=cv2.INTER_AREA)
    see = read_efficientnet(lite0)
    found = see(torch.from_numpy(picture).permute(2, 0, 1)[None])[0].numpy()
    assert found.argmax() == 684
    assert found.max() == pytest.approx(2.8006, abs=1e-3)
    assert found.sum() == pytest.approx(333.5745, rel=1e-4)
    expected = [0.00402, 0.05462, 0.0, 0.41398, 0.0, 0.10356, 0.25146, 0.02472, 0.0, 0.0144]
    assert found[100:110] == pytest.approx(expected, abs=1e-4)


def test_the_command_says_which_features_and_what_is_missing(lite0, tmp_path, monkeypatch):
    data, weights = tmp_path / "data", tmp_path / "weights"
    for folder in (data, weights):
        folder.mkdir()
    for number in range(3):
        Image.fromarray(np.full((32, 32, 3), 60 * number, np.uint8)).save(data / f"{number}.png")
    monkeypatch.setenv("MYTALKCON_WEIGHTS_DIR", str(weights))
    done = mytalkcon("metrics", SNAPSHOT, data, "--kid")
    assert done.returncode == 1
    assert EFFICIENTNET_LITE0 in done.stderr.replace("\n", "")
    (weights / EFFICIENTNET_LITE0).symlink_to(lite0)
    for option in ("--fid", "--ppl"):
        done = mytalkcon("metrics", SNAPSHOT, data, option)
        assert done.returncode == 1
        assert "needs more than is installed" in done.stderr
    done = mytalkcon("metrics", SNAPSHOT, data, "--kid", "--pictures", 4, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)["KID"]
    assert found["of"].startswith("EfficientNet-Lite0, 3 and 4 pictures")
    assert found["value"] > 0.1


@pytest.mark.long
def test_inception_is_taken_where_it_is_placed(tmp_path, monkeypatch):
    """Its file is read without running what a file asks for; the features are those of torch-fidelity."""
    module = pytest.importorskip("torch_fidelity.feature_extractor_inceptionv3")
    network = module.FeatureExtractorInceptionV3
    monkeypatch.setattr(module, "load_state_dict_from_url", lambda *_, **__: {})
    with monkeypatch.context() as unloaded:
        unloaded.setattr(network, "load_state_dict", lambda *_: None)
        torch.manual_seed(0)
        theirs = network("inception", ["2048"])
    torch.save(theirs.state_dict(), tmp_path / INCEPTION)
    monkeypatch.setenv("MYTALKCON_WEIGHTS_DIR", str(tmp_path))
    observer = placed_observer()
    assert observer.name == "Inception"
    picture = RANDOM.integers(0, 256, (64, 64, 3)).astype(np.uint8)
    found = observer.features([picture, picture])
    expected = theirs(torch.from_numpy(picture).permute(2, 0, 1)[None])[0]
    assert found.shape == (2, 2048)
    assert np.allclose(found[0], expected[0].numpy(), atol=1e-5)
