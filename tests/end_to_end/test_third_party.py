"""A foreign package, installed as users install it, works without a change to the harness."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from commands import TOY, Command

from harness.record import read_record


@pytest.fixture
def beside_broken(command: Command, broken_site: Path) -> Command:
    """The command with the toy package and four broken ones installed."""
    return Command(command.folder, command.cache, [*command.plugins, broken_site])


def test_foreign_method_suite_dataset_and_metric_run_and_are_recorded(command: Command) -> None:
    done = command(*TOY)
    assert done.code == 0, done.err
    (path,) = command.folder.glob("runs/toy_discs/toy_colours-quick-seed0-*/record.json")
    record = read_record(path)
    assert (record.method.plugin, record.method.plugin_version) == ("harness-toy", "1.2")
    assert record.method.config["learning_rate"] == 0.1  # [suite.toy_discs] of the preset
    assert record.provenance.packages["harness-toy"] == "1.2"
    share = record.score("toy_border_share")
    assert share is not None
    assert share.params == {"width": 2}
    assert share.n == 48
    events = (path.parent / "toy_events.txt").read_text().splitlines()
    assert events == [
        "started toy_discs/toy_colours/quick/seed-0",
        "finished toy_discs/toy_colours/quick/seed-0 3 scores",
    ]


def test_foreign_suite_has_a_leaderboard_with_its_baselines_and_published_row(
    command: Command,
) -> None:
    assert command(*TOY, "--preset", "smoke").code == 0
    done = command("leaderboard", "toy_discs", "--records", "runs")
    assert done.code == 0, done.err
    for name in ("toy_colours", "mean_shape", "part_centre_oracle", "Nobody et al."):
        assert name in done.out


def test_listing_shows_foreign_things_with_their_package(command: Command) -> None:
    rows = json.loads(command("list", "methods", "--json").out)
    assert {row["distribution"] for row in rows if row["name"] == "toy_colours"} == {"harness-toy"}


def test_broken_plugins_are_listed_with_their_reason_and_the_others_work(
    beside_broken: Command,
) -> None:
    done = beside_broken("list", "plugins", "--json")
    assert done.code == 0, done.err
    errors = {row["distribution"]: row["error"] for row in json.loads(done.out)}
    assert errors["harness-raises"] == "RuntimeError: no toys on Sundays"
    assert "must return MethodSpec objects, got dict" in errors["harness-wrong-type"]
    assert "'from_the_future' was built for contract 99" in errors["harness-other-contract"]
    assert errors["harness-toy"] == errors["harness"] == ""
    for text in ("harness-raises 0.3", "harness-wrong-type 0.3", "harness-other-contract 0.3"):
        assert text in done.err


def test_two_owners_of_a_name_are_both_named_and_the_full_name_works(
    beside_broken: Command,
) -> None:
    refused = beside_broken(*TOY)
    assert refused.code == 2
    assert "harness-toy/toy_colours and harness-twin/toy_colours" in refused.error
    full = ["harness-twin/toy_colours" if word == "toy_colours" else word for word in TOY]
    done = beside_broken(*full, "--no-baselines", "--preset", "smoke")
    assert done.code == 0, done.err
    (path,) = beside_broken.folder.glob("runs/toy_discs/*/record.json")
    assert read_record(path).method.plugin == "harness-twin"


def test_listener_that_fails_is_one_warning_and_no_failure(command: Command) -> None:
    (command.folder / "harness_deaf.py").write_text(DEAF)
    info = command.folder / "harness_deaf-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: harness-deaf\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[harness]\ndeaf = harness_deaf\n")
    both = Command(command.folder, command.cache, [*command.plugins, command.folder])
    done = both(*TOY, "--preset", "smoke", "--no-baselines")
    assert done.code == 0, done.err
    warnings = [line for line in done.err.splitlines() if line.startswith("warning: ")]
    assert len(warnings) == 1
    assert "harness-deaf:deaf failed in harness_run_finished: ValueError: what?" in warnings[0]


DEAF = """
from harness.contract import hook

@hook
def harness_run_finished(event):
    raise ValueError("what?")
"""
