"""A suite whose editors share a generator and two oracles."""

from __future__ import annotations

import re
from itertools import cycle
from typing import Any

import numpy as np
import pytest
import torch
from toy_plugin.editing import EDITING_FITS, ToyAnswers
from toy_world import Toy

from harness.assets import planned_assets
from harness.cache import load_roles, open_dataset
from harness.cli.run_view import explain_plan
from harness.errors import ConfigError, UnknownName, UserError
from harness.latent_editing import SizedOracle
from harness.runner import Outcome
from harness.saved import load_fitted
from harness.suite import load_suite

ASSETS: dict[str, Any] = {
    "generator": {"method": "toy_latents", "preset": "paper"},
    "guide": {"method": "toy_answers", "preset": "paper", "images": "even"},
    "judge": {"method": "toy_answers", "preset": "paper", "images": "odd"},
}
METRICS = [{"name": "toy_edited"}]


@pytest.fixture(autouse=True)
def _forgotten() -> None:
    EDITING_FITS.clear()


def run(toy: Toy, *, method: str = "toy_editor", fresh: bool = False, **changes: Any) -> Outcome:
    toy.suite(**{"assets": ASSETS, "metrics": METRICS, **changes})
    outcome = toy.runner(fresh=fresh).run(toy.cell(method, preset="paper"))
    if outcome.trace:
        raise AssertionError(outcome.trace)
    return outcome


def test_an_editor_is_scored_by_a_judge_it_never_saw(toy: Toy) -> None:
    record = run(toy).record
    assert record is not None
    (score,) = record.scores
    assert EDITING_FITS == [
        ("toy_answers", 3),
        ("toy_answers", 3),
        ("toy_latents", 0),
        ("toy_editor", 0),
    ]
    # The editor is right by the guide, and the judge's gain is another one.
    assert score.value is not None
    assert 0 < score.value < 0.02 < score.details["before"]
    assert score.details["others"] == pytest.approx(0, abs=1e-6)
    assert score.n == 4
    assert score.ci95 is not None


def test_assets_are_fitted_once_for_all_editors_and_seeds(toy: Toy) -> None:
    run(toy)
    again = run(toy, fresh=True)
    assert again.status == "finished"
    assert [name for name, _ in EDITING_FITS].count("toy_latents") == 1
    assert [name for name, _ in EDITING_FITS].count("toy_editor") == 2


def test_the_radius_is_the_mean_distance_of_latents_from_their_mean(toy: Toy) -> None:
    record = run(toy).record
    assert record is not None
    # Uniform in a cube of side 1: the mean distance from its centre.
    assert record.scores[0].details["radius"] == pytest.approx(0.4803, abs=0.01)


def test_what_the_assets_are_is_in_the_fingerprint(toy: Toy) -> None:
    first = run(toy).record
    other = {**ASSETS, "judge": {**ASSETS["judge"], "seed": 1}}
    second = run(toy, assets=other).record
    assert first is not None
    assert second is not None
    assert first.suite.fingerprint != second.suite.fingerprint
    assert set(first.suite.protocol["asset_fits"]) == {"generator", "guide", "judge"}


def test_a_new_judge_leaves_what_editors_learned(toy: Toy) -> None:
    first = run(toy)
    other = {**ASSETS, "judge": {**ASSETS["judge"], "images": "all"}}
    second = run(toy, assets=other)
    assert first.folder == second.folder
    assert [name for name, _ in EDITING_FITS].count("toy_editor") == 1


def test_a_new_guide_is_another_fit_of_the_editor(toy: Toy) -> None:
    first = run(toy)
    second = run(toy, assets={**ASSETS, "guide": {**ASSETS["guide"], "images": "all"}})
    assert first.folder != second.folder


def test_the_halves_of_the_labelled_images_share_none(toy: Toy) -> None:
    toy.suite(assets=ASSETS, metrics=METRICS)
    suite = load_suite(toy.known.suites.get("toy").spec)
    roles = load_roles(suite, open_dataset(suite, toy.known), toy.known)
    assets = planned_assets(suite, roles, toy.known)
    guide, judge = (assets[name].roles["regress"].samples for name in ("guide", "judge"))
    assert sorted([*guide.ids, *judge.ids]) == sorted(roles["regress"].samples.ids)
    np.testing.assert_array_equal(guide.images, roles["regress"].samples.images[::2])
    assert assets["guide"].owner != assets["judge"].owner


def test_a_run_is_read_back_with_its_assets(toy: Toy) -> None:
    folder = run(toy).folder
    assert folder is not None
    fitted = load_fitted(folder, "cpu")
    editor: Any = fitted.method
    start = editor.generator.draw_latents(2, torch.Generator().manual_seed(0))
    path = editor.edit(start, torch.full((2, 3), torch.nan), [0.0, 1.0])
    assert torch.equal(path[0], path[1])


def test_a_run_whose_assets_are_gone_says_so(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = run(toy).folder
    assert folder is not None
    monkeypatch.setenv("HARNESS_CACHE", str(toy.folder / "another"))
    with pytest.raises(
        UserError, match=r"its generator toy_latents-.* not in .*'harness run .* --fresh"
    ):
        load_fitted(folder, "cpu")


def test_an_editor_needs_a_suite_with_assets(toy: Toy) -> None:
    toy.suite()
    with pytest.raises(UserError, match=r"toy_editor edits the latents of a gen.* names none"):
        toy.cell("toy_editor", preset="paper")


def test_a_suite_with_assets_takes_editors_alone(toy: Toy) -> None:
    toy.suite(assets=ASSETS, metrics=METRICS)
    with pytest.raises(UserError, match="compares editors of latents, and toy_net is none; it off"):
        toy.cell("toy_net")


@pytest.mark.parametrize(
    ("name", "use", "error", "message"),
    [
        ("generator", {"method": "toy_net"}, ConfigError, "toy_net cannot be its generator, which"),
        ("judge", {"method": "toy_latents"}, ConfigError, "cannot be its judge, which must answer"),
        ("guide", {"method": "toy_answer"}, UnknownName, "toy_answers"),
        ("guide", {"method": "toy_answers", "images": "both"}, ConfigError, "images"),
        ("guide", {"method": "toy_answers", "preset": "papers"}, UnknownName, "paper"),
    ],
)
def test_a_wrong_asset_is_refused_before_anything_is_learned(
    toy: Toy, name: str, use: dict[str, Any], error: type[Exception], message: str
) -> None:
    toy.suite(assets={**ASSETS, name: {"preset": "quick", **use}}, metrics=METRICS)
    with pytest.raises(error, match=message):
        toy.cell("toy_editor", preset="paper")
    assert EDITING_FITS == []


def test_one_setting_of_one_asset_is_changed_from_the_command_line(toy: Toy) -> None:
    toy.suite(assets=ASSETS, metrics=METRICS)
    cell = toy.cell("toy_editor", preset="paper", settings=["suite.assets.judge.seed=3"])
    assert cell.suite.assets is not None
    assert cell.suite.assets.judge.seed == 3
    assert cell.suite.assets.judge.images == "odd"


def test_an_oracle_sees_images_at_its_own_size() -> None:
    class Looking:
        conditions = "attributes"

        def answer(self, images: torch.Tensor) -> torch.Tensor:
            return images.flatten(1)

    sized = SizedOracle(Looking(), 4)
    images = torch.rand(2, 3, 8, 8, requires_grad=True)
    answers = sized.answer(images)
    assert answers.shape == (2, 48)
    answers.sum().backward()
    assert images.grad is not None
    assert (images.grad > 0).all()
    assert torch.equal(sized.answer(images[:, :, :4, :4]), images[:, :, :4, :4].flatten(1))


def test_guide_and_judge_answer_with_the_same_conditions(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    toy.suite(assets=ASSETS, metrics=METRICS)
    kinds = cycle(["attributes", "keypoints"])
    monkeypatch.setattr(ToyAnswers, "conditions", property(lambda _: next(kinds)))
    outcome = toy.runner().run(toy.cell("toy_editor", preset="paper"))
    assert outcome.exit_code == 2
    assert "guide answers with attributes and its judge with keypoints" in outcome.error


def test_the_plan_names_the_assets(toy: Toy) -> None:
    toy.suite(assets=ASSETS, metrics=METRICS)
    plan = explain_plan(toy.cells("toy_editor", baselines=False), toy.known).splitlines()
    assert plan[1] == (
        "  its assets, once for all its editors: toy_latents paper, toy_answers paper, "
        "toy_answers paper"
    )


def test_a_run_that_says_nothing_of_test_images_does_not_draw_them(toy: Toy) -> None:
    outcome = run(toy)
    assert outcome.folder is not None
    assert [path.stem for path in sorted((outcome.folder / "pictures").glob("*.png"))] == ["edits"]


def test_a_record_names_the_weights_of_its_assets(toy: Toy) -> None:
    record = run(toy).record
    assert record is not None
    (note,) = [note for note in record.notes if note.startswith("weights of the assets")]
    assert re.fullmatch(
        r"weights of the assets: generator [0-9a-f]{8}, guide [0-9a-f]{8}, judge [0-9a-f]{8}", note
    )
    assert run(toy, fresh=True).record.notes == record.notes
