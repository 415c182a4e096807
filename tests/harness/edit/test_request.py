from __future__ import annotations

import pytest

from harness.drawing.operations import Background, Move
from harness.edit.request import EditRequest, parse_seed
from harness.errors import ConfigError, UserError

LARGEST = 2**63 - 1


@pytest.mark.parametrize(
    ("text", "seed"),
    [("0", 0), (" 17 ", 17), ("007", 7), (str(LARGEST), LARGEST)],
    ids=["zero", "spaces", "zeros before", "largest"],
)
def test_a_seed_is_read_as_it_was_typed(text: str, seed: int) -> None:
    assert EditRequest(seed=text).whole_seed() == seed


@pytest.mark.parametrize(
    "text", ["", "abc", "-1", "1.5", "1e3", "²", "1_000", str(2**63), "9" * 10_000], ids=str
)
def test_what_is_no_seed_is_explained(text: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse_seed(text)
    assert str(refused.value).startswith(
        f"A seed is a whole number from 0 to {LARGEST}, got {text[:20]!r}"[:-1]
    )
    assert len(str(refused.value)) < 120


def test_a_request_for_nothing_says_so() -> None:
    with pytest.raises(UserError, match="Neither a seed nor a photo"):
        EditRequest().whole_seed()


def test_operations_are_those_of_the_command() -> None:
    request = EditRequest(operations=["move=1:+0.1,0", "background=2,0.5"])
    assert request.parsed() == [Move((1,), 0.1, 0.0), Background(2, 0.5)]
