"""Deep feature factorisation as a plugin of the harness."""

from __future__ import annotations

from harness.contract import MethodSpec, hook


@hook
def harness_methods() -> list[MethodSpec]:
    """The method `feature_factorisation`."""
    return [
        MethodSpec(
            name="feature_factorisation",
            summary="Parts as non-negative factors of a network's features (DFF)",
            target="harness_baselines.feature_factorisation.method:FeatureFactorisation",
            config="harness_baselines.feature_factorisation.config:FeatureFactorisationConfig",
            presets="harness_baselines.feature_factorisation",
            capabilities=("segment",),
            paper="Collins, Achanta, Süsstrunk: Deep Feature Factorization for Concept Discovery. "
            "ECCV 2018, arXiv 1806.10206.",
            sees=("images",),
        )
    ]
