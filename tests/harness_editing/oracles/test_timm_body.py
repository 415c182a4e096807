"""Networks of timm as bodies: from random weights, and from files in the published form."""

import pytest
import torch
from memory_run import MemoryRun
from pydantic import ValidationError
from safetensors.torch import save_file

from harness.errors import AssetMissing, ConfigError, DataError, UnknownName
from harness_editing.oracles.attributes import AttributeOracle
from harness_editing.oracles.config import OracleConfig
from harness_editing.oracles.networks import build_network
from harness_editing.oracles.timm_body import TimmBody, check_network, start_weights

timm = pytest.importorskip("timm")

#: The smallest of timm's networks, with the name of weights.
ARCHITECTURE, NAME = "test_resnet", "test_resnet.r160_in1k"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    checkpoints = tmp_path / "hub" / "checkpoints"
    checkpoints.mkdir(parents=True)
    return checkpoints


def whole(name=NAME, classes=1000):
    """A network with its classifier."""
    with torch.random.fork_rng():
        torch.random.manual_seed(0)
        return timm.create_model(name, pretrained=False, num_classes=classes).eval()


def body(name=NAME, size=32):
    with torch.random.fork_rng():
        torch.random.manual_seed(1)
        return TimmBody(name, size).eval()


def fit(samples, unused, **changes):
    made = AttributeOracle(OracleConfig(**{"steps": 0, **changes}), 1, 16)
    run = MemoryRun()
    run.labelled = samples
    made.fit(unused, run)
    return made


def test_features_are_those_of_the_network_for_its_own_grey_values():
    net, made = whole(), body()
    start = {k: v for k, v in net.state_dict().items() if k in made.net.state_dict()}
    made.net.load_state_dict(start)
    images = torch.rand(2, 3, 32, 32)
    mean, std = (torch.tensor(net.pretrained_cfg[name])[:, None, None] for name in ("mean", "std"))
    with torch.no_grad():
        expected = net.forward_head(net.forward_features((images - mean) / std), pre_logits=True)
        got = made(2.0 * images - 1.0)
    assert got.shape == (2, made.features)
    assert torch.allclose(got, expected, atol=1e-5)


def test_network_of_one_size_gets_its_images_resized():
    made = body("test_vit", 16)
    assert made.size == 160
    images = torch.rand(1, 3, 16, 16, requires_grad=True)
    # Not the sum: the last norm makes it the same for all images.
    made(images)[:, 0].sum().backward()
    assert images.grad.abs().sum() > 0
    assert body().size == 32


def test_network_of_the_paper_is_timms():
    with torch.device("meta"):
        network = build_network(OracleConfig(network="seresnet50"), 224, 48)
    count = sum(p.numel() for p in network.parameters())
    with torch.device("meta"):
        expected = sum(
            p.numel() for p in timm.create_model("seresnet50", num_classes=48).parameters()
        )
    assert count == expected


def test_network_of_timm_learns_and_its_state_needs_no_file(folder, truth, unused):
    save_file(whole().state_dict(), folder / f"{NAME}.safetensors")
    made = fit(truth, unused, network=NAME, steps=2, batch_size=4)
    (folder / f"{NAME}.safetensors").unlink()
    fresh = AttributeOracle(made.settings, 1, 16)
    fresh.load_state_dict(made.state_dict())
    images = torch.linspace(-1, 1, 3 * 256).reshape(1, 3, 16, 16)
    assert torch.equal(fresh.answer(images), made.answer(images))


@pytest.mark.parametrize("given", ["name", "file"])
def test_training_starts_from_the_weights_that_are_asked_for(
    folder, tmp_path, truth, unused, given
):
    net = whole(classes=7)
    if given == "name":
        save_file(net.state_dict(), folder / f"{NAME}.safetensors")
        made = fit(truth, unused, network=NAME)
    else:
        # Without its classifier and the counters of batches.
        kept = {
            name: value
            for name, value in net.state_dict().items()
            if not name.startswith("fc") and not name.endswith("num_batches_tracked")
        }
        path = tmp_path / "faces.safetensors"
        save_file(kept, path)
        made = fit(truth, unused, network=ARCHITECTURE, weights_file=str(path))
    expected = net.state_dict()
    for name, value in made.network.body.net.state_dict().items():
        assert torch.equal(value, expected[name]), name


def test_random_start_comes_from_the_runs_generator(truth, unused):
    states = []
    for _ in range(2):
        torch.rand(3)
        states.append(fit(truth, unused, network=ARCHITECTURE).state_dict())
    assert all(torch.equal(value, states[1][name]) for name, value in states[0].items())
    assert states[0]["network.body.net.conv1.0.weight"].std() > 0


def test_missing_weights_are_named_with_place_and_home(folder, truth, unused):
    with pytest.raises(AssetMissing) as caught:
        fit(truth, unused, network="seresnet50.ra2_in1k")
    assert str(caught.value) == (
        "attribute_oracle: network seresnet50.ra2_in1k needs "
        f"{folder / 'seresnet50.ra2_in1k.safetensors'}, which is missing; get model.safetensors "
        "from https://huggingface.co/timm/seresnet50.ra2_in1k and save it there under this name, "
        "or start from random weights with network=seresnet50."
    )


def test_missing_file_is_named(tmp_path, truth, unused):
    path = tmp_path / "faces.safetensors"
    message = f"attribute_oracle: weights_file = {path} is missing; put the file there"
    with pytest.raises(AssetMissing, match=message):
        fit(truth, unused, network=ARCHITECTURE, weights_file=str(path))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda state: state.pop("layer1.0.conv1.weight"), "'layer1.0.conv1.weight' is missing or"),
        (
            lambda state: state.update({"layer1.0.conv1.weight": torch.zeros(2)}),
            "'layer1.0.conv1.weight' is missing or of another size; give the file that belongs to",
        ),
    ],
    ids=["missing", "another size"],
)
def test_weights_of_another_network_are_refused(folder, change, message):
    state = whole().state_dict()
    change(state)
    path = folder / f"{NAME}.safetensors"
    save_file(state, path)
    with pytest.raises(DataError, match=f"{path}: holds no weights of {NAME}: {message}"):
        start_weights(body(), OracleConfig(network=NAME), "attribute_oracle")


def test_damaged_file_is_refused(folder):
    path = folder / f"{NAME}.safetensors"
    path.write_text("<html>not found</html>")
    with pytest.raises(DataError, match=f"{path}: is no readable safetensors file"):
        start_weights(body(), OracleConfig(network=NAME), "attribute_oracle")


@pytest.mark.parametrize(
    ("name", "near"),
    [("seresnet5", "seresnet50"), ("residul", "residual"), ("Plain", "plain")],
)
def test_unknown_network_is_answered_with_a_near_one_when_the_method_is_made(name, near):
    message = (
        f"attribute_oracle: network '{name}' is neither plain nor residual nor one of timm's. "
        f"Did you mean '{near}'?"
    )
    with pytest.raises(UnknownName, match=message.replace("?", r"\?")):
        AttributeOracle(OracleConfig(network=name), 1, 16)


def test_unknown_weights_are_answered_with_those_there_are():
    message = r"timm's network test_resnet has no weights 'faces'; choose test_resnet.r160_in1k, "
    with pytest.raises(ConfigError, match=message):
        check_network("test_resnet.faces", "attribute_oracle")


def test_file_for_the_networks_of_this_package_is_refused():
    with pytest.raises(ValidationError, match="is for networks of timm, and network is residual"):
        OracleConfig(network="residual", weights_file="faces.safetensors")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, ()),
        ({"network": "seresnet50"}, ()),
        ({"network": "seresnet50.ra2_in1k"}, ("imagenet weights",)),
        ({"network": "seresnet50", "weights_file": "x"}, ("imagenet weights",)),
    ],
)
def test_weights_of_imagenet_are_declared(values, expected):
    assert OracleConfig(**values).also_sees() == expected
