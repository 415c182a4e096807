"""The run of an editor of latents, opened with all it needs.

>>> run = load_editor(folder)  # doctest: +SKIP
>>> edit, = run.edit(run.draw(8, seed=0), ["hat=1"])  # doctest: +SKIP
>>> edit.images.shape  # doctest: +SKIP
(6, 8, 3, 32, 32)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.assets import asset_folder
from harness.contract.editing import Editing
from harness.drawing.latent_edits import LatentEdit, edited_in_sequence, spaced
from harness.drawing.latent_request import STEPS
from harness.drawing.wanted import Goal, Vocabulary
from harness.errors import UserError
from harness.fit_note import read_note
from harness.latent_editing import editing
from harness.record import Record, read_finished
from harness.registry import Registry
from harness.saved import Fitted, load_asset, load_fitted

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


#: Unedited images that are compared with a caption.
NEAR_IMAGES = 64


@dataclass(frozen=True)
class EditorRun:
    """An editor with its generator, its guide and its judge.

    Attributes:
        folder: of the run.
        fitted: the editor.
        editing: all of them, in NumPy.
        vocabulary: the words for what the guide answers.
    """

    folder: Path
    fitted: Fitted
    editing: Editing
    vocabulary: Vocabulary

    @property
    def generator(self) -> Fitted:
        """The generator whose latents are edited."""
        return self.fitted.assets["generator"]

    def draw(self, count: int, seed: int) -> NDArray[np.float32]:
        """New latents `[count, D]`; which ones there are depends on the count as on the seed."""
        return self.editing.draw(count, seed)

    def edit(
        self,
        latents: NDArray[np.float32],
        want: Sequence[str],
        *,
        then: Sequence[str] = (),
        strengths: Sequence[float] = spaced(STEPS),
    ) -> list[LatentEdit]:
        """Edit latents towards what is wanted.

        Args:
            latents: `[N, D]`, drawn by `draw` or found by `harness.drawing.projection.project`.
            want: what all images are to show, all at once, written as for `--want`.
            then: further edits, each of which begins at the end of the one before.
            strengths: increasing numbers from 0 to 1.

        Returns:
            One edit for `want`, then one for each of `then`.

        Raises:
            UserError: something is wanted that the guide does not answer.
        """
        goals = self.goals(want, then)
        conditions = [goal.conditions for goal in goals]
        return edited_in_sequence(self.editing, latents, conditions, strengths)

    def nearness(self, goal: Goal) -> str:
        """How near images come to a caption as the generator draws them, as a sentence.

        A caption of which the encoder or the oracle knows no word is near to none of them.
        """
        answers = self.editing.guide(self.editing.images(self.draw(NEAR_IMAGES, 0)))
        nearest = max(self.vocabulary.facts(goal, answer)["cosine"] for answer in answers)
        return (
            f"{goal}: of {NEAR_IMAGES} unedited images the nearest has a cosine of {nearest:.2f} "
            "by the guide; about 0 where the oracles know none of its words"
        )

    def goals(self, want: Sequence[str], then: Sequence[str] = ()) -> list[Goal]:
        """What every edit of a sequence is to reach; see `Vocabulary.goal`."""
        return [self.vocabulary.goal(texts) for texts in (list(want), *([one] for one in then))]


def load_editor(folder: Path, device: str = "auto", known: Registry | None = None) -> EditorRun:
    """The editor of a finished run folder; its generator and oracles come from the cache.

    Raises:
        UserError: the folder is no finished run, or none of an editor.
        AssetMissing: the generator or an oracle is no longer in the cache.
        RecordError: a file is damaged.
    """
    return open_editor(load_fitted(folder, device, known), folder, known)


def open_editor(fitted: Fitted, folder: Path, known: Registry | None = None) -> EditorRun:
    """A fitted editor with its judge; see `load_editor`."""
    if "edit" not in fitted.spec.capabilities:
        raise UserError(
            f"{fitted.spec.name} edits no latents; --want takes the run of an editor, which "
            f"offers edit, and this one offers {', '.join(fitted.spec.capabilities)}."
        )
    note, record = read_note(folder), read_finished(folder / "record.json")
    if note is None or record is None:
        raise UserError(
            f"{folder} holds no finished record, which names the judge; 'harness run' with the "
            "same options finishes it."
        )
    judge = load_asset(folder, "judge", _judge_folder(record), str(fitted.device), known)
    works = editing(fitted, {**fitted.assets, "judge": judge})
    count = works.guide(works.images(works.draw(1, 0))).shape[1]
    names = note.attributes if works.conditions == "attributes" else ()
    vocabulary = Vocabulary(works.conditions, count, names, works.encode)
    return EditorRun(folder, fitted, works, vocabulary)


def _judge_folder(record: Record) -> str:
    """The judge's folder in the cache."""
    protocol = record.suite.protocol
    method = protocol["assets"]["judge"]["method"]
    return asset_folder(method.rpartition("/")[2], protocol["asset_fits"]["judge"]).name
