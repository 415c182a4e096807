"""The network of FID with random weights in the published file's form."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Generator, nn

from harness.errors import AssetMissing, DataError
from harness_metrics.features import inception as module
from harness_metrics.features.homes import INCEPTION
from harness_metrics.features.inception import inception
from harness_metrics.fid import Fid
from harness_metrics.params import ImageSetParams

FILE = "pt_inception-2015-12-05-6726825d.pth"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of downloaded weights of its own, and no way to the network."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr("torch.hub.download_url_to_file", refuse)
    checkpoints = tmp_path / "hub" / "checkpoints"
    checkpoints.mkdir(parents=True)
    return checkpoints


def refuse(*_: object, **__: object) -> None:
    raise AssertionError("fetched weights")


@pytest.fixture(scope="module")
def state() -> dict[str, torch.Tensor]:
    """Random weights whose features neither vanish nor explode."""
    from pytorch_fid import inception as published

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(published, "load_state_dict_from_url", lambda *_, **__: {})
        patch.setattr(nn.Module, "load_state_dict", lambda *_: None)
        net = published.fid_inception_v3()
    generator = Generator().manual_seed(0)
    for layer in net.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu", generator=generator)
    return net.state_dict()


@pytest.fixture
def weights(
    state: dict[str, torch.Tensor], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Path]:
    """Write the file, as if its checksum were the published one."""

    def write(**changes: torch.Tensor | None) -> Path:
        kept = {name: value for name, value in (state | changes).items() if value is not None}
        torch.save(kept, folder / FILE)
        digest = hashlib.sha256((folder / FILE).read_bytes()).hexdigest()
        monkeypatch.setattr(module, "DIGEST", digest[:8])
        return folder / FILE

    return write


def photos(count: int, side: int, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 256, (count, 3, 4, 4), dtype=np.uint8)
    return coarse.repeat(side // 4, axis=2).repeat(side // 4, axis=3)


def test_the_home_is_the_one_pytorch_fid_names() -> None:
    from pytorch_fid.inception import FID_WEIGHTS_URL

    assert INCEPTION == FID_WEIGHTS_URL
    assert INCEPTION.endswith(FILE)
    assert FILE.endswith(f"{module.DIGEST}.pth")


def test_features_and_distance_are_those_of_pytorch_fid(
    weights: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, colour_world
) -> None:
    """Its own reader of image files, network and statistics, with the same weights."""
    from pytorch_fid import fid_score
    from pytorch_fid.inception import InceptionV3

    weights()
    real, made = photos(3, 32, 0), photos(3, 32, 1)
    monkeypatch.setattr(fid_score, "tqdm", iter)
    network = InceptionV3()
    theirs = []
    for name, images in (("real", real), ("made", made)):
        files = [tmp_path / f"{name}-{i}.png" for i in range(len(images))]
        for path, image in zip(files, images, strict=True):
            Image.fromarray(image.transpose(1, 2, 0)).save(path)
        theirs.append(fid_score.get_activations(files, network, batch_size=3, num_workers=0))
    extractor = inception()
    ours = [extractor.features(real), extractor.features(made)]
    assert ours[0].shape == (3, 2048)
    assert theirs[0].std() > 0.01
    for one, other in zip(ours, theirs, strict=True):
        # The same network; only batches and memory order may round otherwise.
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5 * theirs[0].max())
    centred = [(x - x.mean(axis=0)) / np.sqrt(2) for x in theirs]
    shift = np.square(theirs[0].mean(axis=0) - theirs[1].mean(axis=0)).sum()
    middle = np.linalg.norm(centred[0] @ centred[1].T, ord="nuc")
    expected = shift + sum(np.square(x).sum() for x in centred) - 2 * middle
    monkeypatch.setattr("harness_metrics.image_sets.ImageSets.generated", lambda _: iter(ours[1:]))
    world = colour_world().with_real(real)
    monkeypatch.setattr("harness_metrics.fid.build_extractor", lambda *_: extractor)
    got = Fid(ImageSetParams(count=3)).measure(world.evaluation)
    assert got.value == pytest.approx(expected, rel=1e-4)
    assert not any(parameter.requires_grad for parameter in extractor.net.parameters())


def test_pytorch_fid_is_left_as_it_was(weights: Callable[..., Path]) -> None:
    from pytorch_fid import inception as published

    before = published.load_state_dict_from_url
    weights(**{"fc.weight": None})
    with pytest.raises(DataError):
        inception()
    assert published.load_state_dict_from_url is before


def test_missing_weights_are_named_with_their_home(folder: Path) -> None:
    with pytest.raises(AssetMissing) as caught:
        inception()
    assert str(caught.value) == (
        f"The extractor inception needs {folder / FILE}, which is missing; get it from {INCEPTION} "
        "or measure frechet_distance with an extractor that is at hand, such as face_attributes, "
        "in place of it."
    )


def test_another_checksum_is_refused(folder: Path) -> None:
    (folder / FILE).write_bytes(b"other weights")
    digest = hashlib.sha256(b"other weights").hexdigest()[:8]
    with pytest.raises(DataError) as caught:
        inception()
    assert str(caught.value) == (
        f"{folder / FILE}: sha256 starts with {digest}, expected 6726825d; fetch it again from "
        f"{INCEPTION}."
    )


def test_weights_of_another_network_are_refused(weights: Callable[..., Path]) -> None:
    path = weights(**{"Mixed_7c.branch1x1.conv.weight": torch.zeros(2, 2)})
    with pytest.raises(DataError) as caught:
        inception()
    said = str(caught.value)
    assert said.startswith(f"{path}: not the network of FID (size mismatch for Mixed_7c.branch1x1")
    assert said.endswith(f"; get it from {INCEPTION}.")
    assert "\n" not in said


def test_metric_says_what_is_missing_and_measures_nothing_else(colour_world) -> None:
    from harness_metrics.features.choice import build_extractor

    world = colour_world()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("harness_metrics.fid.build_extractor", build_extractor)
        with pytest.raises(AssetMissing, match=r"get it from https://github\.com/mseitzer"):
            Fid(ImageSetParams(count=2)).measure(world.evaluation)
