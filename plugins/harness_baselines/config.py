"""Configurations of the baselines; most have nothing to configure."""

from __future__ import annotations

from pydantic import Field

from harness.contract import MethodConfig


class BaselineConfig(MethodConfig):
    """For baselines without options of their own."""


class ColourClustersConfig(MethodConfig):
    """How long two colours are sought in an image."""

    iterations: int = Field(
        default=20,
        ge=1,
        le=1000,
        description="Largest number of k-means steps; it stops earlier when no pixel changes.",
    )


class GrabCutConfig(MethodConfig):
    """How GrabCut starts and how long it runs."""

    margin: float = Field(
        default=0.1,
        gt=0,
        lt=0.5,
        description="Border of sure background at each side, as a fraction of the image edge "
        "(the published baseline does not state its rectangle).",
    )
    iterations: int = Field(
        default=5, ge=1, le=100, description="Rounds of colour models and graph cut."
    )
