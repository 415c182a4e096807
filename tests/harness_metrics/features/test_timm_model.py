"""Networks of timm, with random weights in the published files' form."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from harness.errors import AssetMissing, ConfigError, DataError, UnknownName
from harness_metrics.features.choice import build_extractor
from harness_metrics.features.timm_model import timm_model

timm = pytest.importorskip("timm")

#: The smallest of timm's networks that has weights of this name.
NAME = "test_resnet.r160_in1k"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    checkpoints = tmp_path / "hub" / "checkpoints"
    checkpoints.mkdir(parents=True)
    return checkpoints


def write(folder: Path, name: str = NAME) -> torch.nn.Module:
    """The whole network, with its classifier, saved where the extractor looks."""
    with torch.random.fork_rng():
        torch.random.manual_seed(0)
        net = timm.create_model(name, pretrained=False)
    save_file(net.state_dict(), folder / f"{name}.safetensors")
    return net.eval()


def photos(side: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (3, 3, side, side), dtype=np.uint8)


def test_features_are_those_before_the_classifier(folder: Path) -> None:
    net = write(folder)
    extractor = timm_model(NAME)
    data = timm.data.resolve_model_data_config(net)
    side = data["input_size"][-1]
    images = photos(side)
    shaped = (torch.tensor(data[name])[:, None, None] for name in ("mean", "std"))
    mean, std = shaped
    with torch.no_grad():
        values = (torch.from_numpy(images) / 255.0 - mean) / std
        expected = net.forward_head(net.forward_features(values), pre_logits=True)
    got = extractor.features(images)
    assert got.shape == (3, net.num_features)
    assert expected.std() > 0
    np.testing.assert_allclose(got, expected.numpy(), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", [NAME, "test_efficientnet.r160_in1k"])
def test_small_images_are_resized_as_pillow_does_it(name: str, folder: Path) -> None:
    """With each network's own filter, up to Pillow's rounding to whole grey values."""
    write(folder, name)
    extractor = timm_model(name)
    config = timm.models.get_pretrained_cfg(name)
    assert config.interpolation == ("bilinear" if name == NAME else "bicubic")
    resample = Image.Resampling[config.interpolation.upper()]
    images = photos(32)
    large = [
        np.asarray(Image.fromarray(i.transpose(1, 2, 0)).resize(config.input_size[1:], resample))
        for i in images
    ]
    expected = extractor.features(np.stack(large).transpose(0, 3, 1, 2))
    got = extractor.features(images)
    np.testing.assert_allclose(got, expected, atol=0.02 * np.abs(expected).max())


def test_identity_holds_name_and_weights(folder: Path) -> None:
    write(folder)
    path = folder / f"{NAME}.safetensors"
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    extractor = timm_model(NAME, digest[:10])
    assert extractor.name == NAME
    assert (extractor.identity["extractor"], extractor.identity["weights"]) == (NAME, digest)
    with pytest.raises(DataError, match=f"sha256 starts with {digest[:4]}, expected ffff; fetch"):
        timm_model(NAME, "ffff")


def test_missing_weights_are_named_with_place_and_home(folder: Path) -> None:
    with pytest.raises(AssetMissing) as caught:
        timm_model("resnet18.a1_in1k")
    assert str(caught.value) == (
        f"The extractor resnet18.a1_in1k needs {folder / 'resnet18.a1_in1k.safetensors'}, which is "
        "missing; get model.safetensors from https://huggingface.co/timm/resnet18.a1_in1k and save "
        "it there under this name."
    )


def test_unknown_network_is_answered_with_a_near_one() -> None:
    with pytest.raises(UnknownName, match=r"Unknown extractor 'resnet81\.a1': .* mean 'resnet18'"):
        timm_model("resnet81.a1")


@pytest.mark.parametrize("name", ["resnet18", "resnet18.nothing"])
def test_network_without_the_name_of_its_weights_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=r"must name its weights too: .*resnet18\.a1_in1k"):
        timm_model(name)


def test_weights_of_another_network_are_refused(folder: Path) -> None:
    path = folder / f"{NAME}.safetensors"
    save_file({"other": torch.zeros(2)}, path)
    with pytest.raises(DataError) as caught:
        timm_model(NAME)
    said = str(caught.value)
    assert said.startswith(f"{path}: no weights of {NAME} (")
    assert said.endswith("get model.safetensors from https://huggingface.co/timm/" + NAME + ".")
    assert "\n" not in said


def test_damaged_file_is_refused(folder: Path) -> None:
    (folder / f"{NAME}.safetensors").write_text("<html>not found</html>")
    with pytest.raises(DataError, match="no weights of test_resnet"):
        timm_model(NAME)


def test_global_randomness_is_left_alone(folder: Path) -> None:
    write(folder)
    before = torch.random.get_rng_state()
    timm_model(NAME)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_choice_by_name_takes_timm_last(folder: Path, colour_world) -> None:
    write(folder)
    assert build_extractor(NAME, colour_world().evaluation).name == NAME
