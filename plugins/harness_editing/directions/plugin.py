"""Editors that move latents along directions, as a plugin of the harness."""

from __future__ import annotations

from harness.contract import MethodSpec, hook

PACKAGE = "harness_editing.directions"


@hook
def harness_methods() -> list[MethodSpec]:
    """The methods `interfacegan`, `ganspace` and `random_direction`."""
    return [
        MethodSpec(
            name="interfacegan",
            summary="Moves latents across the hyperplane that a linear SVM finds for an attribute",
            target=f"{PACKAGE}.interfacegan.method:InterFaceGan",
            config=f"{PACKAGE}.config:InterFaceGanConfig",
            presets=f"{PACKAGE}.interfacegan",
            capabilities=("edit",),
            paper="Shen, Gu, Tang, Zhou: Interpreting the Latent Space of GANs for Semantic Face "
            "Editing. CVPR 2020, arXiv 1907.10786.",
            sees=("generator", "guide"),
        ),
        MethodSpec(
            name="ganspace",
            summary="Moves some layers' latents along a principal component; which, is chosen "
            "automatically by the guide, not by hand",
            target=f"{PACKAGE}.ganspace.method:GanSpace",
            config=f"{PACKAGE}.config:GanSpaceConfig",
            presets=f"{PACKAGE}.ganspace",
            capabilities=("edit",),
            paper="Härkönen, Hertzmann, Lehtinen, Paris: GANSpace: Discovering Interpretable GAN "
            "Controls. NeurIPS 2020, arXiv 2004.02546.",
            sees=("generator", "guide"),
        ),
        MethodSpec(
            name="random_direction",
            summary="Moves every latent along a random direction of its own",
            target=f"{PACKAGE}.random_direction.method:RandomDirection",
            config=f"{PACKAGE}.config:RandomDirectionConfig",
            presets=f"{PACKAGE}.random_direction",
            capabilities=("edit",),
            sees=("generator",),
            kind="trivial",
        ),
    ]
