"""The two VGG networks, read from narrow files in the official layouts."""

from __future__ import annotations

import hashlib
import sys
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from harness.errors import AssetMissing, DataError
from harness.vision.perceptual import build_net
from harness.vision.perceptual import vgg as module

h5py = pytest.importorskip("h5py")

#: Narrow networks: as many convolutions as the real ones.
NARROW19 = ((4, 4), (5, 5), (6,) * 4, (7,) * 4, (8,) * 4)
NARROW16 = ((4, 4), (5, 5), (6,) * 3, (7,) * 3, (8,) * 3)
#: torchvision's numbers of the ReLUs behind conv1_2, conv2_2, conv3_2, conv4_2 and conv5_2.
VGG19_LAYERS = (3, 8, 13, 22, 31)


def seeded(seed: int = 0) -> Generator:
    return Generator().manual_seed(seed)


def torchvision_configuration(groups: tuple[tuple[int, ...], ...]) -> list[str | int]:
    """Channels of the convolutions and `M` for a maximum, as torchvision has them."""
    return [entry for channels in groups for entry in (*channels, "M")]


def photos() -> Tensor:
    return 255.0 * torch.rand(2, 3, 32, 32, generator=seeded(9))


@pytest.fixture(autouse=True)
def weights_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of downloaded weights of its own, and narrow networks."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(module, "VGG19_GROUPS", NARROW19)
    monkeypatch.setattr(module, "VGG16_GROUPS", NARROW16)
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    return folder


def write_vgg19(
    folder: Path, monkeypatch: pytest.MonkeyPatch, *, drop: str = "", change: str = ""
) -> torch.nn.Sequential:
    """torchvision's narrow network, saved under a name that ends with its checksum."""
    from torchvision.models.vgg import make_layers

    layers = make_layers(torchvision_configuration(NARROW19))
    for parameter in layers.parameters():
        torch.nn.init.normal_(parameter, std=0.3, generator=seeded(parameter.numel()))
    state = {f"features.{name}": value for name, value in layers.state_dict().items()}
    state["classifier.0.weight"] = torch.zeros(2, 2)
    state.pop(drop, None)
    if change:
        state[change] = state[change][:1]
    path = folder / "saved.pth"
    torch.save(state, path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:8]
    path.rename(folder / f"vgg19-{digest}.pth")
    home = f"https://example.org/vgg19-{digest}.pth"
    monkeypatch.setitem(module.HOMES, "vgg19_imagenet", home)
    return layers.eval()


def write_colour(folder: Path) -> dict[str, dict[str, Tensor]]:
    """Random weights in the layout of the caffemodel; conv1_1 has no batch norm."""
    widths = [1, *(channels for group in NARROW16 for channels in group)]
    names = [
        f"conv{number}_{place}"
        for number, group in enumerate(NARROW16, start=1)
        for place in range(1, len(group) + 1)
    ]
    stored: dict[str, dict[str, Tensor]] = {}
    for seed, (name, (before, after)) in enumerate(zip(names, pairwise(widths), strict=True)):
        random = seeded(seed)
        weight = (4.5 * before) ** -0.5 * torch.randn(after, before, 3, 3, generator=random)
        stored[name] = {"0": weight, "1": torch.randn(after, generator=random)}
        if name != "conv1_1":
            factor = torch.tensor([0.5 + seed])
            mean = 0.3 * torch.randn(after, generator=random) * factor
            variance = (0.5 + torch.rand(after, generator=random)) * factor
            stored[f"batch_{name}"] = {"0": mean, "1": variance, "2": factor}
    with h5py.File(folder / "vgg16.caffemodel.h5", "w") as file:
        for name, values in stored.items():
            for key, value in values.items():
                file[f"data/{name}/{key}"] = value.numpy()
    return stored


def plain_colour(stored: dict[str, dict[str, Tensor]], images: Tensor) -> list[Tensor]:
    """Convolution, batch norm and ReLU one after the other, in float64."""
    values = (images.double().mean(1, keepdim=True) - 114.451) / 255.0
    found = []
    for name in (name for name in stored if name.startswith("conv")):
        number, place = name.removeprefix("conv").split("_")
        if place == "1" and number != "1":
            values = F.max_pool2d(values, 2)
        own = {key: value.double() for key, value in stored[name].items()}
        values = F.conv2d(values, own["0"], own["1"], padding=1)
        if f"batch_{name}" in stored:
            mean, variance, factor = (stored[f"batch_{name}"][key].double() for key in "012")
            values = F.batch_norm(values, mean / factor, variance / factor, eps=1e-5)
        values = torch.relu(values)
        if place == "2":
            found.append(values)
    return found


def test_a_network_may_go_on_to_the_last_convolution(
    weights_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layers = write_vgg19(weights_folder, monkeypatch)
    images = photos()
    mean, std = (
        torch.tensor(v)[:, None, None] for v in (module.IMAGENET_MEAN, module.IMAGENET_STD)
    )
    with torch.no_grad():
        # torchvision's layer 35 is the ReLU behind conv5_4.
        expected = layers[:36]((images / 255.0 - mean) / std)
        found = module.vgg19_imagenet(4)(images)
    assert len(found) == 5
    assert torch.allclose(found[-1], expected, atol=1e-5)


@pytest.mark.parametrize(("groups", "name"), [("VGG16_GROUPS", "D"), ("VGG19_GROUPS", "E")])
def test_the_real_widths_are_those_of_torchvision(
    groups: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from torchvision.models.vgg import cfgs

    monkeypatch.undo()
    assert torchvision_configuration(getattr(module, groups)) == cfgs[name]


def test_the_home_of_vgg19_is_that_of_torchvision() -> None:
    from torchvision.models import VGG19_Weights

    assert module.HOMES["vgg19_imagenet"] == VGG19_Weights.IMAGENET1K_V1.url


def test_features_are_those_of_torchvision(
    weights_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from torchvision.transforms.functional import normalize

    layers = write_vgg19(weights_folder, monkeypatch)
    net = build_net("vgg19_imagenet")
    values = normalize(photos() / 255.0, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    expected = []
    with torch.no_grad():
        for number, layer in enumerate(layers):
            values = layer(values)
            if number in VGG19_LAYERS:
                expected.append(values.clone())
        got = net(photos())
    assert len(got) == net.layers == 5
    for one, other in zip(got, expected, strict=True):
        assert other.std() > 0
        # The same numbers; only the scaling of the images may round differently.
        torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-5)


def test_colour_features_are_those_of_convolutions_and_batch_norms(weights_folder: Path) -> None:
    stored = write_colour(weights_folder)
    with torch.no_grad():
        got = build_net("vgg16_colour")(photos())
    expected = plain_colour(stored, photos())
    assert len(got) == len(expected) == 5
    for one, other in zip(got, expected, strict=True):
        assert other.std() > 0.01
        # Folding and float32 round about 1e-7 of the values in each of ten layers.
        torch.testing.assert_close(one.double(), other, atol=1e-5, rtol=1e-5)


def test_the_colour_network_sees_grey(weights_folder: Path) -> None:
    write_colour(weights_folder)
    net = build_net("vgg16_colour")
    with torch.no_grad():
        swapped, straight = net(photos().flip(1)), net(photos())
    torch.testing.assert_close(swapped[4], straight[4], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("name", ["vgg19_imagenet", "vgg16_colour"])
def test_a_missing_file_is_named_with_its_home(name: str, weights_folder: Path) -> None:
    with pytest.raises(AssetMissing) as caught:
        build_net(name)  # type: ignore[arg-type]
    home = module.HOMES[name]  # type: ignore[index]
    path = weights_folder / home.rsplit("/", 1)[1]
    assert str(caught.value) == (
        f"perceptual = {name} needs {path}, which is missing; get it from {home} or use another "
        "network, such as perceptual = rotation_net."
    )


def test_another_checksum_is_refused(weights_folder: Path) -> None:
    path = weights_folder / "vgg19-dcbb9e9d.pth"
    path.write_bytes(b"half of it")
    digest = hashlib.sha256(b"half of it").hexdigest()[:8]
    with pytest.raises(DataError) as caught:
        build_net("vgg19_imagenet")
    assert str(caught.value) == (
        f"{path}: sha256 starts with {digest}, expected dcbb9e9d; fetch it again from "
        "https://download.pytorch.org/models/vgg19-dcbb9e9d.pth."
    )


@pytest.mark.parametrize(
    ("flaw", "said"),
    [
        ({"drop": "features.7.bias"}, "features.7.bias for conv2_2 is missing, expected [5]."),
        (
            {"change": "features.12.weight"},
            "features.12.weight for conv3_2 has shape [1, 6, 3, 3], expected [6, 6, 3, 3].",
        ),
    ],
    ids=["missing", "wrong shape"],
)
def test_weights_of_another_network_are_refused(
    flaw: dict[str, str], said: str, weights_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_vgg19(weights_folder, monkeypatch, **flaw)
    with pytest.raises(DataError) as caught:
        build_net("vgg19_imagenet")
    assert str(caught.value).endswith(f".pth: {said}")


def test_colour_needs_h5py(weights_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_colour(weights_folder)
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(AssetMissing, match=r"reads its weights with h5py: pip install 'harness\["):
        build_net("vgg16_colour")


def damage_half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:1000])


def damage_text(path: Path) -> None:
    path.write_text("<html>not found</html>")


def damage_layout(path: Path) -> None:
    with h5py.File(path, "a") as file:
        del file["data"]
        file["data"] = [1.0, 2.0]


def damage_layer(path: Path) -> None:
    with h5py.File(path, "a") as file:
        del file["data/conv4_2"]


def damage_norm(path: Path) -> None:
    with h5py.File(path, "a") as file:
        del file["data/batch_conv3_1/1"]
        file["data/batch_conv3_1/1"] = [1.0, 2.0, 3.0, 4.0]


def damage_text_values(path: Path) -> None:
    with h5py.File(path, "a") as file:
        del file["data/conv1_2/1"]
        file["data/conv1_2/1"] = "four numbers"


@pytest.mark.parametrize(
    "damage",
    [damage_half, damage_text, damage_layout, damage_layer, damage_norm, damage_text_values],
    ids=lambda damage: damage.__name__,
)
def test_a_damaged_colour_file_is_refused(damage: object, weights_folder: Path) -> None:
    write_colour(weights_folder)
    path = weights_folder / "vgg16.caffemodel.h5"
    damage(path)  # type: ignore[operator]
    with pytest.raises(DataError) as caught:
        build_net("vgg16_colour")
    said = str(caught.value)
    assert said.startswith(f"{path}: not the colourisation network (")
    assert said.endswith(f"; fetch it again from {module.HOMES['vgg16_colour']}.")
    assert "\n" not in said


def test_colour_weights_of_another_width_are_refused(
    weights_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_colour(weights_folder)
    monkeypatch.setattr(module, "VGG16_GROUPS", ((4, 4), (5, 9), *NARROW16[2:]))
    with pytest.raises(
        DataError, match=r"data/conv2_2/0 for conv2_2 has shape \[5, 5, 3, 3\], exp"
    ):
        build_net("vgg16_colour")


def test_colour_weights_that_are_not_finite_are_refused(weights_folder: Path) -> None:
    write_colour(weights_folder)
    with h5py.File(weights_folder / "vgg16.caffemodel.h5", "a") as file:
        file["data/batch_conv2_1/2"][:] = 0.0
    with pytest.raises(DataError, match="data/conv2_1/1 for conv2_1 holds values that are not fin"):
        build_net("vgg16_colour")


def test_building_leaves_the_global_randomness_alone(weights_folder: Path) -> None:
    write_colour(weights_folder)
    before = torch.random.get_rng_state()
    build_net("vgg16_colour")
    assert torch.equal(torch.random.get_rng_state(), before)
