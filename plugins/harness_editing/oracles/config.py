"""The configuration that all oracles share; what SGF's paper does not give is chosen."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator
from typing_extensions import override

from harness.contract import MethodConfig

#: The small networks of this package; every other name is one of timm's.
PLAIN, RESIDUAL = "plain", "residual"
OWN_NETWORKS = (PLAIN, RESIDUAL)


class OracleConfig(MethodConfig):
    """Everything that `harness show method attribute_oracle` prints."""

    file_settings = ("weights_file",)

    # Network.
    network: str = Field(
        PLAIN,
        min_length=1,
        description="plain (five convolutions), residual (three blocks), or a network of timm: "
        "'seresnet50' starts from random weights (paper 4.2: SE-ResNet50), 'seresnet50.ra2_in1k' "
        "from the file of that name in torch's folder of downloaded weights.",
    )
    weights_file: str | None = Field(
        None,
        description="File `.safetensors` to start a network of timm from, by its path or its name "
        "in torch's folder of downloaded weights, under timm's names without the classifier's; for "
        "weights that timm has not (paper 4.2: VGGFace2).",
    )

    # Training.
    steps: int = Field(900, ge=0, description="Updates (chosen).")
    batch_size: int = Field(64, ge=2, description="Images of an update (chosen).")
    learning_rate: float = Field(
        3e-3, gt=0, description="Of Adam, at its highest: it rises and falls once (chosen)."
    )
    warm_up: float = Field(
        0.25, ge=0, lt=1, description="Share of the updates in which the rate rises (chosen)."
    )
    weight_decay: float = Field(
        1e-2, ge=0, description="Decoupled, times the learning rate, in an update (chosen)."
    )
    shift: float = Field(
        1 / 16,
        ge=0,
        lt=0.5,
        description="Images move by up to so much along each axis, in image edges (chosen).",
    )
    light: float = Field(
        0.1,
        ge=0,
        lt=1,
        description="Contrast changes by up to this share, and brightness by up to this share of "
        "half the range of grey levels (chosen).",
    )

    @model_validator(mode="after")
    def _file_is_for_timm(self) -> Self:
        """The package's own networks start from random weights."""
        if self.weights_file is not None and self.network in OWN_NETWORKS:
            raise ValueError(f"weights_file is for networks of timm, and network is {self.network}")
        return self

    @override
    def also_sees(self) -> tuple[str, ...]:
        """ImageNet weights, where timm's are taken or a file may hold them."""
        starts_from_weights = self.weights_file is not None or "." in self.network
        return ("imagenet weights",) if starts_from_weights else ()
