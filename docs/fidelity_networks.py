"""The networks of every learned method, built without memory, for `docs/fidelity_page.py`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import nn

from harness.contract import MethodConfig
from harness.presets import resolve_config
from harness.registry import Entry, registry
from harness.suite import load_suite

#: Networks by the names that the page prints.
Networks = Mapping[str, nn.Module]


def counts(method: str, case: Mapping[str, Any]) -> dict[str, int]:
    """Parameters of a method's networks by name; their sum is `all` where there are several.

    Args:
        method: its name.
        case: `preset`, and where wanted `suite` (for its overrides), `parts`, `size` and
            `settings`; what is missing is the suite's, `synthetic_faces` by default.
    """
    suite = load_suite(registry().suites.get(case.get("suite", "synthetic_faces")).spec)
    config = configuration(method, case["preset"], suite.name, case.get("settings", {}))
    size = case.get("size") or config.image_size or suite.image_size
    with torch.device("meta"):
        found = BUILDERS[method](config, case.get("parts", suite.parts), size)
    made = {name: sum(p.numel() for p in net.parameters()) for name, net in found.items()}
    return {**made, "all": sum(made.values())} if len(made) > 1 else made


def configuration(
    method: str, preset: str, suite: str, settings: Mapping[str, Any]
) -> MethodConfig:
    """A preset of a method as it is for a suite, with settings."""
    entry = registry().methods.get(method)
    return resolve_config(entry, preset, suite=suite, settings=settings, base_preset=preset)


def _made(method: str, config: MethodConfig, parts: int, size: int) -> Any:
    entry: Entry[Any] = registry().methods.get(method)
    return entry.load(entry.spec.target)(config, parts, size)


def _gan_seg(config: Any, parts: int, size: int) -> Networks:
    from harness_gans.residual_discriminator import ResidualDiscriminator

    made = _made("gan_seg", config, parts, size)
    discriminator = ResidualDiscriminator(
        config.discriminator_channels,
        depth=config.discriminator_convolutions,
        hidden=config.discriminator_hidden,
        image_size=size,
        owner="gan_seg",
    )
    return {
        "generator": made.generator,
        "discriminator": discriminator,
        "segmenter": made.segmenter,
    }


def _latent_keypoint_gan(config: Any, parts: int, size: int) -> Networks:
    from harness_gans.latent_keypoint_gan.discriminator import GrowingDiscriminator

    made = _made("latent_keypoint_gan", config, parts, size)
    return {
        "generator": made.generator,
        "discriminator": GrowingDiscriminator(config),
        "detector": made.detector,
    }


def _imm(config: Any, parts: int, size: int) -> Networks:
    networks = _made("imm", config, parts, size).networks
    return {
        "appearance encoder": networks.appearance,
        "pose encoder": networks.pose.trunk,
        "head of the pose encoder": networks.pose.head,
        "renderer": networks.renderer,
    }


def _lmdis_rep(config: Any, parts: int, size: int) -> Networks:
    networks = _made("lmdis_rep", config, parts, size).networks
    return {
        "landmark network": networks.detector,
        "feature network": networks.features,
        "image network": networks.image,
        "features to descriptors": networks.into,
        "descriptors to features": networks.out,
    }


def _thewlis(config: Any, parts: int, size: int) -> Networks:
    return {"detector": _made("thewlis", config, parts, size).networks}


def _feature_factorisation(config: Any, parts: int, size: int) -> Networks:
    """VGG-19 as it is built before its weights are read."""
    from harness.vision.perceptual.vgg import VGG19_GROUPS, Vgg
    from harness_baselines.feature_factorisation.method import LAST_CONVOLUTION

    return {"VGG-19 up to conv5_4": Vgg(VGG19_GROUPS, grey=False, last=LAST_CONVOLUTION)}


def _stylegan2(config: Any, parts: int, size: int) -> Networks:
    from harness_gans.stylegan2.discriminator import Discriminator

    channels = config.discriminator_channels(size)
    return {
        "generator": _made("stylegan2", config, parts, size).generator,
        "discriminator": Discriminator(channels, config.deviation_group),
    }


def _progressive_gan(config: Any, parts: int, size: int) -> Networks:
    from harness_gans.progressive_gan.critic import Critic

    return {
        "generator": _made("progressive_gan", config, parts, size).generator,
        "critic": Critic(config.channels(size), config.deviation_group),
    }


def _sgf(config: Any, parts: int, size: int) -> Networks:
    """For the paper's latents of 512 values and 48 attributes, whatever suite it is."""
    from harness_editing.sgf.mapping import AuxiliaryMapping

    return {"auxiliary mapping": AuxiliaryMapping(config, 512, 48)}


def _attribute_oracle(config: Any, parts: int, size: int) -> Networks:
    """With the paper's 48 answers."""
    from harness_editing.oracles.networks import build_network

    return {"network": build_network(config, size, 48)}


#: How each method's networks are made, from configuration, K and side in pixels.
BUILDERS: dict[str, Callable[[Any, int, int], Networks]] = {
    "gan_seg": _gan_seg,
    "latent_keypoint_gan": _latent_keypoint_gan,
    "imm": _imm,
    "lmdis_rep": _lmdis_rep,
    "thewlis": _thewlis,
    "feature_factorisation": _feature_factorisation,
    "stylegan2": _stylegan2,
    "progressive_gan": _progressive_gan,
    "sgf": _sgf,
    "attribute_oracle": _attribute_oracle,
}
