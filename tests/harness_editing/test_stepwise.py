"""What stepwise editors share: which step a strength is, and what they refuse."""

import math

import pytest
import torch
from toy_editing import ToyGenerator, ToyOracle

from harness.errors import ConfigError, ShapeError
from harness_editing.stepwise import StepwiseEditor, goal
from harness_editing.strengths import check_strengths

NAN = math.nan


class Counting(StepwiseEditor):
    """Adds 1 in each of four steps, and keeps what it was given."""

    owner = "counting"

    def fit(self, images, run):
        raise NotImplementedError

    def trajectory(self, latents, start, wanted):
        self.given = latents, start, wanted
        self.modes = torch.is_grad_enabled(), torch.is_inference_mode_enabled()
        return [latents + i for i in range(5)]

    def state_dict(self):
        return {}

    def load_state_dict(self, state):
        raise NotImplementedError


@pytest.fixture
def editor():
    generator = ToyGenerator()
    made = Counting(None, 10, 4)
    made.attach(generator, ToyOracle(generator))
    return made


def test_a_strength_is_the_nearest_step(editor):
    strengths = [0.0, 0.1, 0.125, 0.3, 0.375, 0.6, 0.8, 0.9, 1.0]
    path = editor.edit(torch.zeros(2, 6), torch.ones(2, 4), strengths)
    assert path.shape == (9, 2, 6)
    assert path[:, 0, 0].tolist() == [0, 0, 1, 1, 2, 2, 3, 4, 4]
    assert (path == path[:, :1, :1]).all()


def test_a_trajectory_knows_the_conditions_of_its_start(editor):
    latents = torch.randn(3, 6, generator=torch.Generator().manual_seed(0))
    wanted = torch.tensor([[1.0, NAN, NAN, NAN]]).expand(3, -1)
    editor.edit(latents, wanted, [1.0])
    given, start, asked = editor.given
    assert torch.equal(given, latents)
    torch.testing.assert_close(start, torch.sigmoid(2.0 * latents @ editor.guide.directions))
    assert torch.equal(asked.isnan(), wanted.isnan())


def test_a_trajectory_leaves_inference_mode_with_what_it_is_given(editor):
    with torch.inference_mode():
        editor.edit(torch.zeros(2, 6), torch.ones(2, 4), [1.0])
    assert editor.modes == (False, False)
    assert not any(tensor.is_inference() for tensor in editor.given)


def test_goal_keeps_what_is_not_asked():
    found = goal(torch.tensor([[NAN, 1.0, 0.0]]), torch.tensor([[0.2, 0.3, 0.4]]))
    torch.testing.assert_close(found, torch.tensor([[0.2, 1.0, 0.0]]))


@pytest.mark.parametrize(
    ("latents", "wanted", "message"),
    [
        ((2, 5), (2, 4), r"counting: latents has shape \[2, 5\], expected \[N, 6\]"),
        ((2, 3, 6), (2, 4), r"counting: latents has shape \[2, 3, 6\], expected \[N, 6\]"),
        ((2, 6), (3, 4), r"counting: wanted has shape \[3, 4\], expected \[2, C\]"),
        ((2, 6), (4,), r"counting: wanted has shape \[4\], expected \[2, C\]"),
        ((2, 6), (2, 3), r"counting: wanted has 3 conditions, and the guide answers 4; give"),
    ],
)
def test_what_does_not_fit_generator_or_guide_is_refused(editor, latents, wanted, message):
    with pytest.raises(ShapeError, match=message):
        editor.edit(torch.zeros(latents), torch.zeros(wanted), [1.0])


@pytest.mark.parametrize("strengths", [[], [0.5, 0.5], [0.5, 0.2], [-0.1, 1.0], [0.0, 1.1]])
def test_strengths_that_are_no_path_are_refused(strengths):
    with pytest.raises(ConfigError, match="expected increasing numbers from 0 to 1"):
        check_strengths(strengths, "counting")
