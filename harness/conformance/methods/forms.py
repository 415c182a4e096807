"""Shape, type and range of what each capability gives."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from harness.conformance.editing import LATENT
from harness.conformance.kit import fail
from harness.conformance.methods.answers import STRENGTHS, edited, latents_and_wanted
from harness.conformance.methods.subject import PARTS, TEST_IMAGES, MethodSubject
from harness.contract.method import GeneratedImages
from harness.errors import ContractError, ShapeError
from harness.latents import check_latents

#: How far masks may sum from 1, and a render from its sample (in grey levels).
MASK_TOLERANCE, RENDER_TOLERANCE = 1e-3, 1


@torch.inference_mode()
def detect(method: MethodSubject) -> None:
    """`detect` gives K points inside of the image, or NaN, and confidences from 0 to 1."""
    made = _offering(method, "detect")
    found = made.detect(method.images.clone())
    _points("detect", found.points, PARTS)
    _within("detect()'s points", found.points[torch.isfinite(found.points)], 0.0, 1.0)
    if found.confidence is not None:
        _form("detect()'s confidence", found.confidence, (TEST_IMAGES, PARTS))
        _within("detect()'s confidence", found.confidence, 0.0, 1.0)


@torch.inference_mode()
def segment(method: MethodSubject) -> None:
    """`segment` gives masks of at most K parts and the background that sum to 1 at every pixel."""
    masks = _offering(method, "segment").segment(method.images.clone())
    shape = tuple(masks.shape)
    if masks.dim() != 4 or not 2 <= shape[1] <= PARTS + 1:
        fail(
            f"segment() gave {list(shape)} for {TEST_IMAGES} images and K = {PARTS}.",
            "Return [N, P + 1, H, W] with P from 1 to K, channel 0 the background.",
        )
    _form("segment()", masks, (TEST_IMAGES, shape[1], *shape[2:]))
    _within("segment()", masks, 0.0, 1.0)
    gap = float((masks.double().sum(1) - 1).abs().max())
    if gap > MASK_TOLERANCE:
        fail(f"segment()'s masks sum to 1 only within {gap:.2g}.", "Divide by their sum.")


@torch.inference_mode()
def locate(method: MethodSubject) -> None:
    """`locate` gives as many points as there are landmarks."""
    points = _offering(method, "locate").locate(method.images.clone())
    landmarks = method.test.landmarks
    _points("locate", points, 0 if landmarks is None else landmarks.shape[1])


@torch.inference_mode()
def detect_with_truth(method: MethodSubject) -> None:
    """`detect_with_truth` gives points of the samples that it is given."""
    points = _offering(method, "detect_with_truth").detect_with_truth(method.test).points
    _points("detect_with_truth", points, points.shape[1] if points.dim() == 3 else PARTS)


@torch.inference_mode()
def describe(method: MethodSubject) -> None:
    """`describe` gives one finite vector an image."""
    found = _offering(method, "describe").describe(method.images.clone())
    _form("describe()", found, (TEST_IMAGES, found.shape[-1]))
    _within("describe()", found, -torch.inf, torch.inf)


@torch.inference_mode()
def sample(method: MethodSubject) -> None:
    """`sample` gives `uint8` images of the method's size, and follows its random generator."""
    made = _offering(method, "sample")
    drawn = [made.sample(3, torch.Generator().manual_seed(seed)) for seed in (0, 0, 1)]
    _generated(method, "sample", drawn[0], 3)
    if not torch.equal(drawn[0].images, drawn[1].images):
        fail("Two samples of one seed differ.", "Draw from the given generator alone.")
    latents = [next(iter(one.latents.values()), one.images) for one in drawn]
    if torch.equal(latents[0], latents[2]):
        fail("Samples of two seeds are equal.", "Draw from the given generator.")


@torch.inference_mode()
def render(method: MethodSubject) -> None:
    """`render` draws the latents of `sample` unchanged as the same images again."""
    made = _offering(method, "render")
    drawn = made.sample(3, torch.Generator().manual_seed(0))
    try:
        check_latents(drawn, "sample()")
    except (ContractError, ShapeError) as error:
        fail(str(error), "See what the contract says about latents.")
    again = made.render({name: value.clone() for name, value in drawn.latents.items()})
    _generated(method, "render", again, 3)
    gap = int((drawn.images.int() - again.images.int()).abs().max())
    if gap > RENDER_TOLERANCE:
        fail(
            f"render() of a sample's own latents differs from it by {gap} grey levels.",
            "Keep all that an image depends on in its latents.",
        )


@torch.inference_mode()
def reconstruct(method: MethodSubject) -> None:
    """`reconstruct` draws `uint8` images, also with given keypoints, a missing one and a look."""
    made = _offering(method, "reconstruct")
    images = method.images
    side = (TEST_IMAGES, 3, method.size, method.size)
    points = torch.full((TEST_IMAGES, PARTS, 2), 0.5)
    points[0, 0] = torch.nan
    points[1, 0] = 1.2
    calls: dict[str, dict[str, Tensor]] = {
        "": {},
        "keypoints, one of them NaN and one outside": {"keypoints": points},
        "appearance": {"appearance": images.flip(0)},
    }
    for what, given in calls.items():
        found = made.reconstruct(images.clone(), **given)
        _form(f"reconstruct() with {what or 'images alone'}", found, side, torch.uint8)


def synthesise(method: MethodSubject) -> None:
    """`draw_latents`, `synthesise` and `projected` fit together, and images have gradients."""
    made = _offering(method, "synthesise")
    latents = made.draw_latents(3, torch.Generator().manual_seed(0)).detach().clone()
    _form("draw_latents()", latents, (3, latents.shape[-1]))
    _form("projected()", made.projected(latents), tuple(latents.shape))
    start = latents.requires_grad_()
    images = made.synthesise(start)
    _form("synthesise()", images, (3, 3, method.size, method.size))
    (slope,) = torch.autograd.grad(images.square().sum(), start)
    if not torch.isfinite(slope).all() or not slope.any():
        fail("Images have no gradient by their latents.", "Keep synthesise() differentiable.")
    if not isinstance(made.layers, int) or made.layers < 1:
        fail(f"layers is {made.layers!r}.", "Return how many latents an image can take, from 1.")
    if made.layers > 1:
        layered = latents.detach()[:, None].expand(-1, made.layers, -1)
        _form("synthesise() of [N, L, D]", made.synthesise(layered), tuple(images.shape))


def answer(method: MethodSubject) -> None:
    """`answer` gives finite conditions in the range of their kind, with gradients by images."""
    made = _offering(method, "answer")
    images = (method.images.float() / 127.5 - 1).requires_grad_()
    found = made.answer(images)
    _form("answer()", found, (TEST_IMAGES, found.shape[-1]))
    kind = made.conditions
    if kind == "attributes":
        _within("answer()", found, 0.0, 1.0)
    elif kind == "embedding":
        gap = float((found.detach().norm(dim=1) - 1).abs().max())
        if gap > 1e-3:
            fail(f"Embeddings have length 1 only within {gap:.2g}.", "Divide by their lengths.")
    elif kind != "keypoints":
        fail(f"conditions is {kind!r}.", "Write 'attributes', 'keypoints' or 'embedding'.")
    (slope,) = torch.autograd.grad(found.square().sum(), images, allow_unused=True)
    if slope is None or not torch.isfinite(slope).all():
        fail("Answers have no finite gradient by images.", "Keep answer() differentiable.")


def edit(method: MethodSubject) -> None:
    """`edit` gives a finite path of latents that begins where it starts."""
    made = _offering(method, "edit")
    latents, wanted = latents_and_wanted(TEST_IMAGES)
    path = edited(made, latents, wanted)
    form = (TEST_IMAGES, len(STRENGTHS), *path.shape[2:-1], LATENT)
    _form("edit(), samples first,", path, form)
    if path.dim() > 4:
        fail(f"edit() gave {list(path.shape)}.", "Return [S, N, D] or [S, N, L, D].")
    _within("edit()", path, -torch.inf, torch.inf)
    start = latents[:, None] if path.dim() == 4 else latents
    gap = float((path[:, 0] - start).abs().max())
    if gap > 1e-5:
        fail(f"At strength 0 the path is {gap:.2g} off its start.", "Strength 0 is no edit.")


def _offering(method: MethodSubject, capability: str) -> Any:
    """A fitted object of a method that offers a capability."""
    method.need(capability)
    return method.loaded()


def _points(capability: str, points: Any, count: int) -> None:
    _form(f"{capability}()'s points", points, (TEST_IMAGES, count, 2))
    half = torch.isnan(points[..., 0]) != torch.isnan(points[..., 1])
    if half.any():
        fail(f"{capability}() gave a point with one NaN.", "A missing point has two.")


def _generated(method: MethodSubject, name: str, made: Any, count: int) -> None:
    if not isinstance(made, GeneratedImages):
        fail(
            f"{name}() gave {type(made).__name__}.",
            "Return harness.contract.GeneratedImages.",
        )
    _form(f"{name}()'s images", made.images, (count, 3, method.size, method.size), torch.uint8)
    for latent, value in made.latents.items():
        if len(value) != count:
            fail(f"{name}()'s latents {latent!r} are {list(value.shape)}.", "N comes first.")


def _form(
    what: str, value: Any, shape: tuple[int, ...], dtype: torch.dtype = torch.float32
) -> None:
    """Fail where a value is no tensor of this shape and type."""
    if not isinstance(value, Tensor):
        fail(f"{what} gave {type(value).__name__}.", "Return a tensor.")
    if tuple(value.shape) != shape or value.dtype != dtype:
        got = f"{str(value.dtype).removeprefix('torch.')} {list(value.shape)}"
        fail(
            f"{what} gave {got}.",
            f"Return {str(dtype).removeprefix('torch.')} {list(shape)}.",
        )


def _within(what: str, value: Tensor, low: float, high: float) -> None:
    """Fail where a number is not finite or outside of a range; rounding is forgiven."""
    if not value.numel():
        return
    value = value.detach()
    if not torch.isfinite(value).all():
        fail(f"{what} holds numbers that are not finite.", "Look for a division by zero.")
    least, most = float(value.min()), float(value.max())
    if least < low - 1e-5 or most > high + 1e-5:
        fail(
            f"{what} reaches from {least:.4g} to {most:.4g}.",
            f"The contract's range is {low:g} to {high:g}.",
        )


CHECKS = (
    detect,
    segment,
    locate,
    detect_with_truth,
    describe,
    sample,
    render,
    reconstruct,
    synthesise,
    answer,
    edit,
)
