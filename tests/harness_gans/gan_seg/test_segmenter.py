"""The segmenter: size, loss by hand, seeded dropout, start weights."""

import math

import pytest
import torch

from harness.errors import AssetMissing
from harness_gans.gan_seg.config import GanSegConfig
from harness_gans.gan_seg.segmenter import (
    DeepLab,
    SeededDropout,
    build_segmenter,
    draw_segmenter,
    require_backbone,
    segmentation_loss,
)
from harness_gans.unet import UNet


@pytest.mark.parametrize(("parts", "expected"), [(8, 39_635_785), (10, 39_636_299)])
def test_parameters_are_as_many_as_in_the_official_segmenter(parts, expected):
    with torch.device("meta"):
        segmenter = build_segmenter(GanSegConfig(), parts)
    assert sum(p.numel() for p in segmenter.parameters()) == expected


def test_loss_is_half_cross_entropy_and_half_dice():
    # Two pixels, two classes, p(class 1) = .5 and .8, both labelled 1.
    logits = torch.tensor([[[[0.0, 0.0]], [[0.0, math.log(4)]]]])
    cross_entropy = -(math.log(0.5) + math.log(0.8)) / 2
    dice = (1 - 0) / 2 + (1 - 2 * 1.3 / (1.3 + 2)) / 2
    loss = segmentation_loss(logits, torch.ones(1, 1, 2, dtype=torch.long))
    assert loss.item() == pytest.approx(0.5 * cross_entropy + 0.5 * dice)


def test_class_absent_from_prediction_and_labels_adds_nothing():
    logits = torch.tensor([[[[50.0]], [[-50.0]], [[-500.0]]]])
    assert segmentation_loss(logits, torch.zeros(1, 1, 1, dtype=torch.long)).item() < 1e-6


def test_loss_has_the_right_gradient():
    logits = torch.randn(2, 3, 2, 2, dtype=torch.float64, requires_grad=True)
    labels = torch.randint(0, 3, (2, 2, 2))
    assert torch.autograd.gradcheck(lambda x: segmentation_loss(x, labels), logits)


def test_unet_keeps_the_side_and_learns_a_toy():
    generator = torch.Generator().manual_seed(0)
    network = UNet(3, 4)
    draw_segmenter(network, GanSegConfig(segmenter="unet"), generator)
    labels = torch.zeros(8, 16, 16, dtype=torch.long)
    labels[:, 2:8, 2:8], labels[:, 9:14, 5:15] = 1, 2
    images = torch.nn.functional.one_hot(labels, 3).permute(0, 3, 1, 2).float()
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-2)
    losses = []
    for _ in range(40):
        loss = segmentation_loss(network(images), labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.3 * losses[0]
    assert (network(images).argmax(dim=1) == labels).float().mean() > 0.97


def test_dropout_draws_from_its_generator_and_keeps_the_mean():
    dropout = SeededDropout(0.25)
    maps = torch.ones(100, 100)
    results = []
    for _ in range(2):
        dropout.generator = torch.Generator().manual_seed(5)
        results.append(dropout(maps))
    assert torch.equal(*results)
    assert results[0].unique().tolist() == pytest.approx([0.0, 4 / 3])
    assert results[0].mean().item() == pytest.approx(1.0, abs=0.05)
    assert torch.equal(dropout.eval()(maps), maps)


def test_deeplab_has_no_dropout_of_the_global_seed_and_predicts_at_full_size():
    network = DeepLab(3).eval()
    kinds = [type(module) for module in network.modules()]
    assert torch.nn.Dropout not in kinds
    assert SeededDropout in kinds
    with torch.no_grad():
        assert network(torch.zeros(1, 3, 32, 32)).shape == (1, 3, 32, 32)


def test_start_weights_depend_on_the_generator_alone():
    config = GanSegConfig(segmenter="unet")
    states = []
    for noise in (1, 2):
        network = UNet(3, 2)
        for parameter in network.parameters():
            torch.nn.init.constant_(parameter, noise)
        draw_segmenter(network, config, torch.Generator().manual_seed(0))
        states.append(network.state_dict())
    for name, value in states[0].items():
        if "weight" in name and value.ndim == 4:
            assert torch.equal(value, states[1][name])


def test_missing_imagenet_weights_are_named_with_their_home(monkeypatch, tmp_path):
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    with pytest.raises(AssetMissing, match=r"resnet50-.*\.pth.*https://.*backbone_init=random"):
        require_backbone(GanSegConfig(backbone_init="imagenet"))
    require_backbone(GanSegConfig(backbone_init="random"))
    require_backbone(GanSegConfig(backbone_init="imagenet", segmenter="unet"))


def test_imagenet_weights_are_loaded_when_they_are_there(monkeypatch, tmp_path):
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    (tmp_path / "checkpoints").mkdir()
    network = DeepLab(2)
    saved = {
        f"{k}": torch.full_like(v, 3) for k, v in network.network.backbone.state_dict().items()
    }
    config = GanSegConfig(backbone_init="imagenet")
    path = tmp_path / "checkpoints" / "resnet50-0676ba61.pth"
    torch.save(saved | {"fc.weight": torch.zeros(1)}, path)
    draw_segmenter(network, config, torch.Generator())
    assert (network.network.backbone.conv1.weight == 3).all()
    assert not (network.network.classifier[-1].weight == 3).any()
