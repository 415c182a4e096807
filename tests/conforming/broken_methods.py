"""For every check of methods, one that breaks just it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from conforming.methods import OFFERS, Answering, Good, Moving, Named, Painter, Truthful
from harness.contract import GeneratedImages, Images, Keypoints, MethodSpec, Run, Samples
from harness.training import Averaged

GOOD = MethodSpec(
    name="good",
    summary="Keeps the contract.",
    target="conforming.methods:Good",
    config="conforming.options:Config",
    presets="conforming",
    capabilities=OFFERS,
)
NAMED = replace(
    GOOD, target="conforming.methods:Named", capabilities=("locate",), sees=("images", "labels")
)
TRUTHFUL = replace(
    NAMED,
    target="conforming.methods:Truthful",
    capabilities=("detect_with_truth",),
    sees=("labels", "test labels"),
    kind="oracle",
)
PAINTER = replace(GOOD, target="conforming.methods:Painter", capabilities=("synthesise",))
ANSWERING = replace(GOOD, target="conforming.methods:Answering", capabilities=("answer",))
MOVING = replace(
    GOOD,
    target="conforming.methods:Moving",
    capabilities=("edit",),
    sees=("generator", "guide"),
)
ALL_GOOD = (GOOD, NAMED, TRUTHFUL, PAINTER, ANSWERING, MOVING)

#: Specs by the check that they break, and it alone.
BROKEN: dict[str, MethodSpec] = {
    "spec": replace(GOOD, name="NotSnake"),
    "settings": replace(GOOD, config="conforming.options:BareConfig"),
    "presets": replace(GOOD, presets="conforming.wrong_paper"),
}


def breaks(check: str, good: MethodSpec = GOOD) -> Any:
    """Note a class as the one that breaks a check."""

    def note(kind: type) -> type:
        BROKEN[check] = replace(good, target=f"{__name__}:{kind.__name__}")
        return kind

    return note


@breaks("capabilities")
class OffersMore(Good):
    def locate(self, images: Tensor) -> Tensor:
        return torch.zeros(len(images), 32, 2)


@breaks("constructs")
class ForgetsParts(Good):
    def __init__(self, config: Any, parts: int, image_size: int) -> None:
        super().__init__(config, parts, image_size)
        self.parts = 1


@breaks("learns")
class Crashes(Good):
    def fit(self, images: Images, run: Run) -> None:
        raise ValueError("the toy broke")


@breaks("sees")
class Peeks(Good):
    def fit(self, images: Images, run: Run) -> None:
        _ = run.labelled
        super().fit(images, run)


@breaks("same_seed")
class StartsAnywhere(Good):
    def begin(self) -> None:
        self.net.bias.data += torch.rand(1)


@breaks("other_seed")
class IgnoresSeed(Good):
    def fit(self, images: Images, run: Run) -> None:
        super().fit(images, run)
        for value in self.net.parameters():
            value.data.fill_(0.1)


@breaks("global_chance")
class SeedsAll(Good):
    def fit(self, images: Images, run: Run) -> None:
        np.random.seed(1)  # noqa: TID251 - what is forbidden
        super().fit(images, run)


@breaks("process_settings")
class SetsErrors(Good):
    def fit(self, images: Images, run: Run) -> None:
        np.seterr(all="ignore")
        super().fit(images, run)


@breaks("own_folder")
class LeavesNotes(Good):
    def fit(self, images: Images, run: Run) -> None:
        (run.folder.parent / "notes.txt").write_text("mine")
        super().fit(images, run)


@breaks("resumes")
class ForgetsItsMean(Good):
    def fit(self, images: Images, run: Run) -> None:
        average = Averaged(self.net, 0.5)
        steps = run.steps

        class Counting:
            def __getattr__(self, name: str) -> Any:
                return getattr(run, name)

            def steps(self, total: int, state: Any) -> Any:
                average.module.load_state_dict(state["net"].state_dict())
                for step in steps(total, state):
                    yield step
                    average.update(state["net"])

        counting: Any = Counting()
        super().fit(images, counting)
        self.net.load_state_dict(average.state_dict())


@breaks("one_image")
class WantsTwo(Good):
    def fit(self, images: Images, run: Run) -> None:
        images.take([0, 1])
        super().fit(images, run)


@breaks("flat_state")
class CountsHalves(Good):
    def parameter_count(self) -> Any:
        return 1.5


@breaks("saved_state")
class Ages(Good):
    age = 0.0

    def state_dict(self) -> dict[str, Tensor]:
        return {**super().state_dict(), "age": self.net.bias.new_tensor(self.age)}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        super().load_state_dict({k: v for k, v in state.items() if k != "age"})
        self.age = 1.0


OBJECTS = itertools.count()


@breaks("reloaded_answers")
class NumbersItself(Good):
    def __init__(self, config: Any, parts: int, image_size: int) -> None:
        super().__init__(config, parts, image_size)
        self.number = next(OBJECTS)

    def describe(self, images: Tensor) -> Tensor:
        return super().describe(images) + self.number


@breaks("foreign_state")
class TakesAnything(Good):
    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        self.net.load_state_dict(state, strict=False)


@breaks("detect")
class PixelsNotFractions(Good):
    def detect(self, images: Tensor) -> Keypoints:
        return Keypoints(self.centres(images) * self.image_size)


@breaks("segment")
class HalfMasks(Good):
    def segment(self, images: Tensor) -> Tensor:
        return self.masks(images) / 2


@breaks("locate", NAMED)
class LosesOne(Named):
    def locate(self, images: Tensor) -> Tensor:
        return super().locate(images)[:, 1:]


@breaks("detect_with_truth", TRUTHFUL)
class ThreeCoordinates(Truthful):
    def detect_with_truth(self, samples: Samples) -> Keypoints:
        points = super().detect_with_truth(samples).points
        return Keypoints(torch.cat([points, points[..., :1]], -1))


@breaks("describe")
class EndlessDescriptors(Good):
    def describe(self, images: Tensor) -> Tensor:
        return super().describe(images) + torch.inf


@breaks("sample")
class DrawsFloats(Good):
    def sample(self, count: int, generator: torch.Generator) -> GeneratedImages:
        made = super().sample(count, generator)
        return replace(made, images=made.images.float())


@breaks("render")
class RendersDark(Good):
    def render(self, latents: dict[str, Tensor]) -> GeneratedImages:
        made = super().render(latents)
        return replace(made, images=made.images // 2)


@breaks("reconstruct")
class RefusesMissing(Good):
    def reconstruct(
        self, images: Tensor, keypoints: Tensor | None = None, appearance: Tensor | None = None
    ) -> Tensor:
        if keypoints is not None and keypoints.isnan().any():
            raise ValueError("NaN")
        return super().reconstruct(images, keypoints, appearance)


@breaks("synthesise", PAINTER)
class WithoutGradient(Painter):
    def synthesise(self, latents: Tensor) -> Tensor:
        return super().synthesise(latents).detach()


@breaks("answer", ANSWERING)
class TooSure(Answering):
    def answer(self, images: Tensor) -> Tensor:
        return 3 * super().answer(images)


@breaks("edit", MOVING)
class StartsElsewhere(Moving):
    def edit(self, latents: Tensor, wanted: Tensor, strengths: Sequence[float]) -> Tensor:
        return super().edit(latents, wanted, strengths) + 1


@breaks("batch_invariance")
class ComparesImages(Good):
    def describe(self, images: Tensor) -> Tensor:
        found = super().describe(images)
        return found - found.mean(0)


@breaks("repeated_answers", TRUTHFUL)
class Remembers(Truthful):
    calls = 0

    def detect_with_truth(self, samples: Samples) -> Keypoints:
        self.calls += 1
        return Keypoints(super().detect_with_truth(samples).points / self.calls)


@breaks("untouched_images")
class Blackens(Good):
    def detect(self, images: Tensor) -> Keypoints:
        found = super().detect(images)
        images.zero_()
        return found


@breaks("odd_images")
class FearsTheDark(Good):
    def detect(self, images: Tensor) -> Keypoints:
        if len(images) and not images.any():
            raise IndexError("too dark")
        return super().detect(images)


@breaks("simulated_device")
class StaysBehind(Good):
    def __init__(self, config: Any, parts: int, image_size: int) -> None:
        super().__init__(config, parts, image_size)
        self.grid = super().places(torch.device("cpu"))

    def places(self, device: torch.device) -> Tensor:
        return self.grid
