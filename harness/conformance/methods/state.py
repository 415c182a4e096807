"""What was learned, as tensors that are kept and read back."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from harness.conformance.kit import fail, skip, unforeseen
from harness.conformance.methods.answers import answers, differing
from harness.conformance.methods.subject import MethodSubject
from harness.conformance.watched import equal_states
from harness.errors import RecordError
from harness.saved import restore, save_weights


def flat_state(method: MethodSubject) -> None:
    """`state_dict` is a flat dict of tensors, and `parameter_count` a whole number."""
    learned = method.fit("first")
    for name, value in learned.state.items():
        if not isinstance(value, Tensor):
            fail(
                f"state_dict() holds {type(value).__name__} under {name!r}.",
                "Keep tensors only, such as torch.tensor(value).",
            )
    count = learned.parameters
    if not isinstance(count, int) or count < 0:
        fail(f"parameter_count() gave {count!r}.", "Return a whole number, 0 for none.")


def saved_state(method: MethodSubject) -> None:
    """The state survives safetensors and `torch.load(weights_only=True)` bit for bit."""
    state = method.fit("first").state
    if not state:
        skip("Its state is empty.")
    path = method.folder / "state.pt"
    torch.save(state, path)
    name = equal_states(state, torch.load(path, weights_only=True))
    if name:
        fail(f"{name!r} changed by torch.save and torch.load.", "Keep plain tensors only.")
    loaded = method.loaded()
    save_weights(loaded, method.folder)
    fresh = method.constructed()
    restore(fresh, method.folder / "weights.safetensors")
    name = equal_states(state, {key: v.detach().cpu() for key, v in fresh.state_dict().items()})
    if name:
        fail(
            f"{name!r} differs after it was written and read back.",
            "load_state_dict must take over all that state_dict gives.",
        )


def reloaded_answers(method: MethodSubject) -> None:
    """Two fresh objects with the same state give equal answers."""
    first, second = answers(method, method.loaded()), answers(method, method.loaded())
    if not first:
        skip(f"It offers {', '.join(method.spec.capabilities)}.")
    name = differing(first, second, tolerance=0.0)
    if name:
        fail(
            f"{name} differs between two objects with the same state.",
            "Keep all that answers depend on in the state.",
        )


def foreign_state(method: MethodSubject) -> None:
    """A state of something else is refused, not taken in silence."""
    made: Any = method.constructed()
    foreign = {"nothing of this method": torch.zeros(3)}
    try:
        made.load_state_dict(foreign)
    except (RecordError, RuntimeError, KeyError, ValueError):
        return  # `harness.saved.restore` makes a sentence of each of these
    except Exception as error:  # noqa: BLE001 - foreign code
        fail(
            f"load_state_dict of a foreign state: {unforeseen(error)}",
            "Raise harness.errors.RecordError.",
        )
    fail(
        "load_state_dict took a state with none of its tensors.",
        "Raise harness.errors.RecordError where names do not fit.",
    )


CHECKS = (flat_state, saved_state, reloaded_answers, foreign_state)
