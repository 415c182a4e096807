"""The base of every configuration that a preset file or `--set` can fill."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field


class Options(BaseModel):
    """Base of options and parameters: frozen, without unknown keys, NaN or infinite numbers."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class MethodConfig(Options):
    """Base of a method's configuration.

    Every field carries a description with unit and source: `harness show method` prints it.

    Attributes:
        file_settings: names of the settings that hold a local file, as a path or as a name in
            torch's folder of downloaded weights (`harness.vision.weights.local_file` finds it).
            Fingerprints hold its content in place of the name.
        later_settings: names of settings that came when there were records already. At its default
            such a setting changes nothing and is no part of records and fingerprints, so that old
            and new records share a row.
    """

    file_settings: ClassVar[tuple[str, ...]] = ()
    later_settings: ClassVar[tuple[str, ...]] = ()

    image_size: int | None = Field(
        default=None,
        ge=8,
        le=2048,
        description="Side in pixels at which the method trains and predicts; "
        "empty means the suite's size. The harness resizes for it.",
    )

    def also_sees(self) -> tuple[str, ...]:
        """What these settings let the method see beyond its spec, such as `imagenet weights`."""
        return ()

    def recorded(self) -> dict[str, Any]:
        """The settings as JSON values, without later ones that have their default."""
        fields = type(self).model_fields
        silent = {n for n in self.later_settings if getattr(self, n) == fields[n].default}
        return self.model_dump(mode="json", exclude=silent)
