"""How answers behave: alone and in a batch, twice, on a device, and with odd images."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from harness.conformance.drawn import drawn
from harness.conformance.kit import fail, skip, unforeseen
from harness.conformance.methods.answers import (
    OF_IMAGES,
    answers,
    differing,
    edited,
    latents_and_wanted,
    named,
    of_images,
)
from harness.conformance.methods.subject import MethodSubject
from harness.conformance.surroundings import (
    chance,
    changed,
    other_chance,
    settings,
    writes_outside,
)
from harness.errors import HarnessError
from harness.saved import Fitted

#: How far answers of one image may be from those of a batch: float32 sums in another order.
BATCH_TOLERANCE = 1e-3
#: The same between a CPU and a GPU.
DEVICE_TOLERANCE = 2e-2
#: What a fake device cannot do: look at the numbers that it does not have.
_UNKNOWN = ("DataDependentOutputException", "DynamicOutputShapeException", "GuardOnDataDependent")


def batch_invariance(method: MethodSubject) -> None:
    """An image alone gets the same answers as in a batch, and so does a latent."""
    made, latents = method.loaded(), latents_and_wanted(3)
    whole = answers(method, made, method.images)
    each = [answers(method, made, image[None]) for image in method.images]
    alone = {name: torch.cat([one[name] for one in each]) for name in whole}
    if "edit" in method.spec.capabilities:
        whole["edit"] = edited(made, *latents)
        rows = [edited(made, *(part[[row]] for part in latents)) for row in range(3)]
        alone["edit"] = torch.cat(rows)
    if not whole:
        skip(f"It answers no images; it offers {', '.join(method.spec.capabilities)}.")
    name = differing(whole, alone, BATCH_TOLERANCE)
    if name:
        fail(
            f"{name} of an image alone differs from that in a batch.",
            "Set networks to eval(), and compute nothing over the batch.",
        )


def repeated_answers(method: MethodSubject) -> None:
    """The same images get the same answers twice, whatever the global random state is."""
    made = method.loaded()
    with other_chance(1):
        first = answers(method, made)
    with other_chance(2):
        second = answers(method, made)
    name = differing(first, second, tolerance=0.0)
    if name:
        fail(
            f"{name} differs when it is asked twice.",
            "Answers follow from state and images alone; keep no memory and draw nothing.",
        )


def untouched_images(method: MethodSubject) -> None:
    """Answering changes neither the given images nor any state of the process, and no file."""
    made = method.loaded()
    before = settings()
    for capability in OF_IMAGES:
        if capability not in method.spec.capabilities or capability == "answer":
            continue
        images = method.images.clone()
        with torch.inference_mode():
            getattr(made, capability)(images)
        if not torch.equal(images, method.images):
            fail(f"{capability}() changes the images it is given.", "Work on a copy.")
    with other_chance(3), writes_outside() as writes:
        random_before = chance()
        answers(method, made)
        drew = [name for name, state in chance().items() if state != random_before[name]]
    if drew:
        fail(
            f"Answering draws from the global random generator of {drew[0]}.",
            "Answers are not random; sample() has a generator of its own.",
        )
    if writes.found:
        fail(f"Answering wrote {writes.found[0]!r}.", "A method writes no files.")
    differ = changed(before, settings())
    if differ:
        fail(f"Answering changed {differ[0]}.", "Leave it as it was.")


def odd_images(method: MethodSubject) -> None:
    """No image, one, black ones and ones of another size are answered by way of the harness."""
    method.need("detect", "segment", "locate", "describe")
    fitted = Fitted(method.loaded(), method.spec, 4, method.size, torch.device("cpu"), assets={})
    size = method.size
    odd = {
        "no image": np.empty((0, 3, size, size), np.uint8),
        "a black image": np.zeros((1, 3, size, size), np.uint8),
        "a white image": np.full((1, 3, size, size), 255, np.uint8),
        "images of another size": drawn(2, size + size // 2, seed=4).images,
    }
    for what, images in odd.items():
        try:
            found = fitted.predict(images)
        except HarnessError:
            if what == "images of another size":
                raise
            continue
        except Exception as error:  # noqa: BLE001 - foreign code
            fail(f"With {what}: {unforeseen(error)}", "Answer it, with NaN where nothing is found.")
        for name, value in (("points", found.keypoints), ("confidence", found.confidence)):
            if value is not None and np.isinf(value).any():
                fail(f"With {what} the {name} are infinite.", "A missing point is NaN.")


def simulated_device(method: MethodSubject) -> None:
    """State and answers follow the device they are moved to, on a simulated one without numbers."""
    from torch._subclasses.fake_tensor import FakeTensorMode

    simulated = (*OF_IMAGES, "sample", "synthesise")
    capabilities = [name for name in simulated if name in method.spec.capabilities]
    if not capabilities:
        skip(f"It offers {', '.join(method.spec.capabilities)}, which needs more than images.")
    state = method.fit("first").state
    device = torch.device("cuda", 0)
    with replaced_parameters(), FakeTensorMode(allow_non_fake_inputs=True) as mode:
        try:
            made: Any = method.constructed()
            made.load_state_dict({name: mode.from_tensor(v) for name, v in state.items()})
            made.to(device)
            left = [name for name, v in made.state_dict().items() if v.device != device]
            images = mode.from_tensor(method.images.clone()).to(device)
            with torch.inference_mode():
                found = _simulated(made, capabilities, images)
        except Exception as error:  # noqa: BLE001 - foreign code
            if type(error).__name__ in _UNKNOWN or isinstance(error, NotImplementedError):
                skip(f"It looks at numbers, which a simulated device has not: {unforeseen(error)}")
            if "device" in str(error):
                fail(
                    f"On another device: {unforeseen(error)}",
                    "Move all tensors in to(), and make new ones with device=images.device.",
                )
            skip(f"It cannot be simulated: {unforeseen(error)}")
    if left:
        fail(f"{left[0]!r} stays behind when the method is moved.", "Move it in to().")
    wrong = [name for name, value in found.items() if value.device != device]
    if wrong:
        fail(f"{wrong[0]} comes back on {found[wrong[0]].device}.", "Answer on images.device.")


@contextmanager
def replaced_parameters() -> Iterator[None]:
    """Let modules take new parameters when they are moved; simulated ones cannot be changed."""
    usual: Any = nn.Module._apply

    def apply(self: nn.Module, function: Callable[[Tensor], Tensor], recurse: bool = True) -> Any:
        for child in self.children():
            apply(child, function)
        for name, value in self._parameters.items():
            if value is not None:
                self._parameters[name] = nn.Parameter(function(value.detach()), value.requires_grad)
        for name, buffer in self._buffers.items():
            if buffer is not None:
                self._buffers[name] = function(buffer)
        return self

    changed_class: Any = nn.Module
    changed_class._apply = apply
    try:
        yield
    finally:
        changed_class._apply = usual


def _simulated(made: Any, capabilities: list[str], images: Tensor) -> Mapping[str, Tensor]:
    found: dict[str, Tensor] = {}
    for capability in capabilities:
        if capability == "sample":
            found |= named("sample", made.sample(2, torch.Generator()))
        elif capability == "synthesise":
            found["synthesise"] = made.synthesise(made.draw_latents(2, torch.Generator()))
        else:
            found |= of_images(made, capability, images)
    return found


def cuda_device(method: MethodSubject) -> None:
    """Answers on a GPU are those on the CPU within rounding."""
    if not torch.cuda.is_available():
        skip("No CUDA device is visible.")
    here = answers(method, method.loaded(), method.images)
    if not here:
        skip(f"It answers no images; it offers {', '.join(method.spec.capabilities)}.")
    moved = method.loaded()
    moved.to(torch.device("cuda"))
    there = answers(method, moved, method.images.to("cuda"))
    name = differing(here, there, DEVICE_TOLERANCE)
    if name:
        fail(f"{name} differs between CPU and GPU.", "Compute in float32, and move all tensors.")


CHECKS = (
    batch_invariance,
    repeated_answers,
    untouched_images,
    odd_images,
    simulated_device,
    cuda_device,
)
