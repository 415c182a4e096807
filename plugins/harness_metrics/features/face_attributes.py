"""A small extractor that knows what labelled faces look like, trained on the labels of a suite.

It learns to tell the attributes and landmarks of the role `regress` (images, labels) and needs no
download. What tells hats, beards and smiles and where the eyes are sees whether generated faces
have them, so its distances mean something where those of random features do not. It is kept in the
harness's cache, one for every set of images and labels.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from harness.contract import Evaluation, Samples
from harness.contract.assets import digest, kept_arrays
from harness.errors import DataError
from harness.training.images import resize_images
from harness.training.modules import placed, untouched_randomness
from harness_metrics.features.extractor import Extractor

NAME = "face_attributes"
CPU = torch.device("cpu")
#: Raised whenever training gives another network.
VERSION = 1
#: Side in pixels at which it sees images.
SIDE = 64
#: Channels of the convolutions, all of stride 2, and number of features.
CHANNELS, FEATURES = (16, 32, 64, 96), 128
#: Updates of BATCH images, and Adam's largest learning rate, which rises and falls to 0.
STEPS, BATCH, RATE = 600, 64, 4e-3
#: Images are shifted by up to so many pixels along each axis, and made up to so much brighter.
SHIFT, GAIN = 4, 0.2
#: Weight of the landmarks' mean distance along an axis, in image edges.
LANDMARKS = 10.0


@dataclass(frozen=True)
class Labelled:
    """Labelled faces at the network's size.

    Attributes:
        images: `uint8 [N, 3, 64, 64]`.
        attributes: `float32 [N, A]` in {0, 1, NaN}.
        landmarks: `float32 [N, L, 2]`, fractions, NaN where missing; L may be 0.
    """

    images: Tensor
    attributes: Tensor
    landmarks: Tensor


class FaceNet(nn.Module):
    """Four convolutions, a layer of features, and what they are trained to say.

    Args:
        attributes: how many.
        landmarks: how many.
    """

    def __init__(self, attributes: int, landmarks: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        width, side = 3, SIDE
        with untouched_randomness():
            for channels in CHANNELS:
                layers += [
                    nn.Conv2d(width, channels, 3, 2, 1, bias=False),
                    nn.BatchNorm2d(channels),
                    nn.ReLU(),
                ]
                width, side = channels, side // 2
            layers += [nn.Flatten(), nn.Linear(width * side**2, FEATURES), nn.ReLU()]
            self.body = nn.Sequential(*layers)
            self.attributes = nn.Linear(FEATURES, attributes)
            self.landmarks = nn.Linear(FEATURES, 2 * landmarks)

    @torch.no_grad()
    def draw(self, generator: Generator) -> None:
        """Draw start weights: Kaiming normal, the last layers' and all biases zero."""
        for module in self.body.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu", generator=generator)
        for layer in (self.attributes, self.landmarks):
            nn.init.zeros_(layer.weight)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.zeros_(module.bias)

    def forward(self, images: Tensor) -> Tensor:
        """Features `[N, 128]` of images `[N, 3, S, S]` from 0 to 255, at least 0."""
        if images.shape[-1] != SIDE:
            images = F.interpolate(images, (SIDE, SIDE), mode="bilinear", antialias=True)
        features: Tensor = self.body(images / 127.5 - 1.0)
        return features

    def answers(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of the attributes `[N, A]`, and landmarks `[N, L, 2]` as fractions."""
        features = self(images)
        return self.attributes(features), self.landmarks(features).view(len(images), -1, 2) + 0.5


def face_attributes(evaluation: Evaluation, seed: int = 0) -> Extractor:
    """The extractor of a suite's labelled images, trained where it is not in the cache.

    It computes on the CPU, in training with one thread, so that one machine gives one network.

    Args:
        evaluation: its truth of the roles `regress`, which is learned from, and `test`, on which
            `facts` says how well it does.
        seed: of training.

    Raises:
        DataError: the suite has no labelled images, or these no attributes.
    """
    taught = labelled(evaluation.regress_truth, "regress")
    asked = labelled(evaluation.test_truth, "test")
    key = {
        "version": VERSION,
        "seed": seed,
        "steps": STEPS,
        "images": digest(taught.images.numpy()),
        "attributes": digest(taught.attributes.numpy()),
        "landmarks": digest(taught.landmarks.numpy()),
    }
    state = kept_arrays(NAME, key, lambda: trained(taught, seed, STEPS))
    net = FaceNet(taught.attributes.shape[1], taught.landmarks.shape[1])
    net.load_state_dict({name: torch.from_numpy(value) for name, value in state.items()})
    placed(net, CPU).eval()
    weights = {name: digest(value) for name, value in sorted(state.items())}
    identity = {"extractor": NAME, "version": VERSION, "weights": weights}
    facts = quality(net, taught, asked)
    return Extractor(NAME, identity, net, CPU, facts)


def labelled(truth: Samples | None, role: str) -> Labelled:
    """Images of a role with attributes, and with the landmarks that there are.

    Raises:
        DataError: there are none.
    """
    if truth is None or truth.attributes is None:
        raise DataError(
            f"The extractor {NAME} learns from attributes, and the suite has none in the role "
            f"'{role}'; choose another extractor."
        )
    landmarks = np.zeros((len(truth), 0, 2), np.float32)
    if truth.landmarks is not None:
        landmarks = np.array(truth.landmarks, np.float32)
        if truth.visible is not None:
            landmarks[~np.asarray(truth.visible, bool)] = np.nan
    return Labelled(
        resize_images(torch.from_numpy(np.array(truth.images)), SIDE),
        torch.from_numpy(np.array(truth.attributes, np.float32)),
        torch.from_numpy(landmarks),
    )


def trained(faces: Labelled, seed: int, steps: int) -> Mapping[str, NDArray[Any]]:
    """The state of a network after training.

    Args:
        faces: what it learns from.
        seed: of start weights, order and changes of the images.
        steps: updates of 64 images.
    """
    generator = Generator().manual_seed(seed)
    net = FaceNet(faces.attributes.shape[1], faces.landmarks.shape[1])
    net.draw(generator)
    placed(net, CPU).train()
    optimiser = torch.optim.Adam(net.parameters(), lr=RATE, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps + 1)
    with one_thread(), torch.enable_grad():
        for _ in range(steps):
            places = torch.randint(len(faces.images), (BATCH,), generator=generator)
            images, landmarks = changed(faces, places, generator)
            loss = error(net, images, faces.attributes[places], landmarks)
            optimiser.zero_grad(set_to_none=True)
            torch.autograd.backward(loss)
            optimiser.step()
            schedule.step()
    return {name: value.numpy() for name, value in net.state_dict().items()}


def changed(faces: Labelled, places: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
    """Some of the images, each a little shifted and brighter or darker, with their landmarks."""
    count = len(places)
    framed = F.pad(faces.images[places].float(), (SHIFT,) * 4, mode="replicate")
    corners = torch.randint(2 * SHIFT + 1, (count, 2), generator=generator)
    images = torch.stack(
        [
            image[:, y : y + SIDE, x : x + SIDE]
            for image, (x, y) in zip(framed, corners.tolist(), strict=True)
        ]
    )
    gains = 1.0 + GAIN * (2.0 * torch.rand(count, 1, 1, 1, generator=generator) - 1.0)
    landmarks = faces.landmarks[places] + (SHIFT - corners[:, None]) / SIDE
    images = (images * gains).clamp(0.0, 255.0)
    return images.contiguous(memory_format=torch.channels_last), landmarks


def error(net: FaceNet, images: Tensor, attributes: Tensor, landmarks: Tensor) -> Tensor:
    """Cross-entropy of the attributes and distance of the landmarks, where these are known."""
    logits, points = net.answers(images)
    known = attributes.isfinite()
    wrong = F.binary_cross_entropy_with_logits(
        logits, attributes.nan_to_num(0.0), weight=known.float(), reduction="sum"
    )
    apart = (points - landmarks)[landmarks.isfinite()].abs()
    shared = LANDMARKS * apart.sum() / max(apart.numel(), 1)
    return wrong / known.sum().clamp_min(1) + shared


@torch.inference_mode()
def quality(net: FaceNet, taught: Labelled, asked: Labelled) -> dict[str, float]:
    """How well a network does on images that it has not learned from.

    Args:
        net: in evaluation.
        taught: what it learned from; decides what a constant answer would be.
        asked: other faces.
    """
    answers = [net.answers(images.float()) for images in torch.split(asked.images, BATCH)]
    said = torch.cat([logits for logits, _ in answers]) > 0
    known, truth = asked.attributes.isfinite(), asked.attributes > 0
    often = (taught.attributes.nanmean(dim=0) > 0.5).expand_as(said)
    facts = {
        "extractor: held-out attribute accuracy, %": _percent((said == truth)[known]),
        "extractor: accuracy of constant answers, %": _percent((often == truth)[known]),
    }
    seen = asked.landmarks.isfinite().all(dim=2)
    if seen.any():
        apart = torch.cat([points for _, points in answers]) - asked.landmarks
        facts["extractor: held-out landmark error, % of image edge"] = _percent(
            apart.norm(dim=2)[seen]
        )
    return facts


def _percent(values: Tensor) -> float:
    return 100.0 * float(values.double().mean())


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute with one thread of torch, so that sums have one order."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
