"""Work that a single process and a team of two do alike; see `two_processes`."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from drawn_discs import draw_discs
from torch import Tensor, nn

from harness.training import FitImages, TrainingRun
from harness.training.parallel import (
    all_say,
    average_gradients,
    joint_mean,
    joint_scalars,
    jointly_normalised,
    leads,
    processes,
    share,
    told_by_the_leader,
)
from harness_gans.gan_seg.segmenter import SeededDropout

#: Class, configuration and settings of every method that shares its batches, tiny.
METHODS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "imm": (
        "harness_autoencoders.imm.method:Imm",
        "harness_autoencoders.imm.config:ImmConfig",
        {
            "filters": 4,
            "map_size": 8,
            "first_kernel": 3,
            "output_scale": 64.0,
            "output_offset": 127.5,
            "initial_weights": "kaiming",
            "sigma": 0.25,
            "perceptual": "rotation_net",
            "rotation_steps": 3,
            "batch_size": 8,
            "steps": 4,
            "learning_rate": 1e-3,
            "schedule": "plateau",
            "adversarial_weight": 0.1,
            "discriminator_filters": 4,
            "averaging": 0.5,
        },
    ),
    "thewlis": (
        "harness_autoencoders.thewlis.method:Thewlis",
        "harness_autoencoders.thewlis.config:ThewlisConfig",
        {
            "filters": (8, 16),
            "kernels": (5, 3, 1),
            "halvings": 0,
            "context_blocks": 1,
            "margin_pixels": 0,
            "pairs": "both",
            "diversity_window": 2,
            "batch_size": 8,
            "steps": 4,
            "learning_rate": 1e-3,
        },
    ),
    "lmdis_rep": (
        "harness_autoencoders.lmdis_rep.method:LmdisRep",
        "harness_autoencoders.lmdis_rep.config:LmdisRepConfig",
        {
            "padded_size": 24,
            "landmark_encoder": ((8,), (16,)),
            "landmark_decoder": ((8,), (8,)),
            "feature_encoder": ((8,), (16,)),
            "feature_decoder": ((8,), (8,)),
            "image_encoder": ((16,), (24,)),
            "image_decoder": ((16,), (16,)),
            "skip_convolutions": (1, 1, 1),
            "scores": "hourglass",
            "descriptor_size": 4,
            "redrawn_widths": (0.1, 0.2),
            "reconstruction": "code",
            "reconstruction_weight": 1.0,
            "reconstruction_growth": (),
            "milestones": (),
            "warp_grid": 3,
            "landmark_warps": 0.5,
            "landmark_warps_from": (0, 1),
            "batch_size": 8,
            "steps": 3,
            "schedule": "linear",
            "learning_rate": 1e-3,
            "norm_steps": 2,
        },
    ),
    "gan_seg": (
        "harness_gans.gan_seg.method:GanSeg",
        "harness_gans.gan_seg.config:GanSegConfig",
        {
            "noise_size": 6,
            "embedding_size": 5,
            "hidden_size": 8,
            "margin_pixels": 4,
            "block_sides": (4, 4, 8, 16),
            "start_channels": 8,
            "mask_channels": 6,
            "image_channels": (6, 4, 4, 4),
            "spade_channels": 4,
            "discriminator_channels": (4, 6),
            "discriminator_hidden": 8,
            "batch_size": 4,
            "steps": 3,
            "segmenter": "unet",
            "segmenter_channels": 4,
            "segmenter_steps": 3,
            "segmenter_batch_size": 4,
        },
    ),
    "latent_keypoint_gan": (
        "harness_gans.latent_keypoint_gan.method:LatentKeypointGan",
        "harness_gans.latent_keypoint_gan.config:LatentKeypointGanConfig",
        {
            "noise_size": 6,
            "embedding_size": 5,
            "hidden_size": 8,
            "tau": 0.1,
            "image_channels": (6, 5, 4),
            "block_convolutions": (2, 1, 2),
            "style_channels": 4,
            "discriminator_channels": (8, 6, 6, 4),
            "stage_sides": (8, 16),
            "stage_images": (16, 16),
            "adapting_images": 8,
            "batch_sizes": (8, 8),
            "background_pairs": 2,
            "position_jitter": 0.1,
            "recovery_weight": 1.0,
            "batch_deviation": False,
            "generator_rate": 1e-3,
            "detector": "unet",
            "detector_channels": 4,
            "detector_pairs": 8,
            "detector_batch_size": 4,
        },
    ),
    "stylegan2": (
        "harness_gans.stylegan2.method:StyleGan2",
        "harness_gans.stylegan2.config:StyleGan2Config",
        {
            "noise_size": 6,
            "style_size": 7,
            "mapping_layers": 2,
            "channel_base": 32,
            "channel_most": 5,
            "discriminator_base": 64,
            "discriminator_most": 6,
            "deviation_group": 1,
            "r1_interval": 2,
            "path_interval": 2,
            "images": 16,
            "batch_size": 4,
        },
    ),
    "progressive_gan": (
        "harness_gans.progressive_gan.method:ProgressiveGan",
        "harness_gans.progressive_gan.config:ProgressiveGanConfig",
        {
            "noise_size": 5,
            "channel_base": 64,
            "channel_most": 6,
            "deviation_group": 1,
            "stable_images": 8,
            "fading_images": 8,
            "images": 52,
            "batch_sizes": (4, 4, 4),
        },
    ),
}


#: The same with other settings, which take other ways through the code.
VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    "imm of clips": (
        "imm",
        {"pairs": "clips", "clip_mirroring": 0.5, "perceptual": "pixels", "adversarial_weight": 0},
    ),
    "latent_keypoint_gan with a partner for every image": (
        "latent_keypoint_gan",
        {"background_pairs": None, "stage_images": (8, 8), "adapting_images": 4},
    ),
}


def fit(label: str, folder: Path) -> dict[str, Tensor]:
    """The state of a method after a fit in a folder.

    In float32, Adam would make steps of full size along gradients that are nothing but rounding,
    such as those of a bias before a batch norm.
    """
    method, changes = VARIANTS.get(label, (label, {}))
    target, config, settings = METHODS[method]
    with in_float64():
        return _fitted(target, config, {**settings, **changes}, folder)


@contextmanager
def in_float64() -> Iterator[None]:
    """Compute in float64 what is not float32 by intention."""
    torch.set_default_dtype(torch.float64)
    try:
        with patch("torch.Tensor.float", torch.Tensor.double):
            yield
    finally:
        torch.set_default_dtype(torch.float32)


def _fitted(target: str, config: str, settings: dict[str, Any], folder: Path) -> dict[str, Tensor]:
    made = _named(target)(_named(config)(**settings), 3, 16)
    images = FitImages(draw_discs(32, 16, 0)[0], 0, np.arange(32) // 8)
    run = TrainingRun(folder, "owner", seed=1, device=torch.device("cpu"))
    try:
        made.fit(images, run)
    finally:
        run.close()
    return {name: value.detach().clone() for name, value in made.state_dict().items()}


def _named(target: str) -> Any:
    module, _, name = target.partition(":")
    return getattr(importlib.import_module(module), name)


def normalised(momentum: float | None, affine: bool) -> dict[str, Tensor]:
    """Two batches through a batch norm: outputs, gradients, also of a gradient, and statistics."""
    source = torch.Generator().manual_seed(0)
    norm: nn.Module = nn.BatchNorm2d(3, momentum=momentum, affine=affine).double()
    with torch.no_grad():
        for parameter in norm.parameters():
            parameter.copy_(torch.randn(3, generator=source))
    norm = jointly_normalised(nn.Sequential(norm))
    found: dict[str, Tensor] = {}
    for batch in range(2):
        maps = 1e3 + torch.randn(4, 3, 5, 2, generator=source, dtype=torch.float64)
        weights = share(torch.randn(maps.shape, generator=source, dtype=torch.float64))
        own = share(maps).requires_grad_()
        drawn = norm(own)
        loss = (drawn.square() * weights).mean()
        (slope,) = torch.autograd.grad(loss, own, create_graph=True)
        slope = slope / processes()  # a row weighs more in a mean over fewer
        (again,) = torch.autograd.grad(slope.square().sum(), own, retain_graph=True)
        if affine:
            loss.backward()
        found |= {f"drawn {batch}": drawn, f"slope {batch}": slope, f"again {batch}": again}
    average_gradients(norm.parameters())
    found |= {f"parameter {n}": p.grad for n, p in norm.named_parameters() if p.grad is not None}
    found |= {f"running {n}": b for n, b in norm.named_buffers()}
    found["evaluated"] = norm.eval()(share(maps))
    return {name: value.detach().clone() for name, value in found.items()}


def pieces() -> dict[str, Any]:
    """What the small functions give."""
    rank = 0 if leads() else 1
    net = nn.Linear(2, 1)
    net.weight.grad = torch.tensor([[1.0 + 2 * rank, 5.0]])
    net.double().bias.grad = None
    average_gradients(net.parameters())
    value = torch.tensor(float(rank), requires_grad=True)
    (joint_mean(value) * (3.0 + 2 * rank)).backward()
    return {
        "size": processes(),
        "rows": share(torch.arange(8)).tolist(),
        "gradient": net.weight.grad.tolist(),
        "no gradient": net.bias.grad,
        "mean": float(joint_mean(value.detach())),
        "slope of the mean": float(value.grad or 0),
        "scalars": joint_scalars({"a": float(rank), "b": 4.0}),
        "told": told_by_the_leader(rank == 1, rank == 0),
        "same": all_say(7),
        "different": all_say(7 + rank),
    }


def shared(count: int) -> Tensor:
    """This process's rows of so many."""
    return share(torch.arange(count))


def converted() -> tuple[list[str], list[Any]]:
    """Names in a converted module, and what became of a nested and a bare batch norm."""
    inner = nn.Sequential(nn.BatchNorm2d(2))
    net = nn.Sequential(nn.Conv2d(2, 2, 1), inner)
    weight, names = inner[0].weight, list(net.state_dict())
    made = jointly_normalised(net)
    assert made is net
    assert list(net.state_dict()) == names
    bare = jointly_normalised(nn.BatchNorm2d(2).eval())
    found = [name for name, _ in net.named_modules() if name.endswith("1.0")]
    kept = [type(inner[0]).__name__, inner[0].weight is weight, inner[0].training, bare.training]
    return ["0.weight", *found, "1.0.running_mean"], kept


def dropped() -> Tensor:
    """Ones after a dropout."""
    dropout = SeededDropout(0.5)
    dropout.generator = torch.Generator().manual_seed(0)
    return dropout.train()(share(torch.ones(4, 9)))


def deserted() -> str:
    """The second process is gone when the first one asks for its number."""
    if leads():
        joint_mean(torch.zeros(()))
    return "gone"
