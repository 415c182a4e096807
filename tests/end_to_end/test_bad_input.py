"""Wrong words on the command line: one sentence, exit code 2, and nothing is written."""

from __future__ import annotations

from pathlib import Path

import pytest
from commands import SMALL_FACES, TOY, InProcess

RUN = ("run", "--threads", "1")
FACES = ("--suite", "synthetic_faces")
SHAPE = ("--method", "mean_shape")

#: Arguments and what the one sentence must hold.
REFUSED: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "unknown method": (
        (*RUN, "--method", "mean_shap", *FACES),
        ("Unknown method 'mean_shap'. Did you mean 'mean_shape'?", "harness list methods"),
    ),
    "unknown suite": (
        (*RUN, *SHAPE, "--suite", "celeba_wlid"),
        ("Unknown suite 'celeba_wlid'. Did you mean 'celeba_wild'?", "harness list suites"),
    ),
    "unknown preset": (
        (*TOY, "--preset", "quickk"),
        ("Unknown preset of toy_colours 'quickk'. Did you mean 'quick'?",),
    ),
    "unknown metric": (
        (*TOY, "--metrics", "landmark_eror"),
        ("landmark_eror", "Did you mean 'landmark_error'?"),
    ),
    "metric of another suite": (
        (*TOY, "--metrics", "nmi"),
        ("metric", "'nmi'", "toy_discs"),
    ),
    "unknown method setting": (
        (*TOY, "--set", "stepps=3"),
        ("Unknown setting of toy_colours 'stepps'. Did you mean 'steps'?",),
    ),
    "unknown suite setting": (
        (*TOY, "--set", "suite.partz=3"),
        ("suite.partz", "toy_discs"),
    ),
    "unknown dataset option": (
        (*TOY, "--set", "suite.dataset_options={sead=1}"),
        ("dataset_options", "'sead'", "Did you mean 'seed'?"),
    ),
    "setting for a method without settings": (
        (*RUN, "--method", "mean_shape", *FACES, "--set", "stepps=3"),
        ("stepps", "mean_shape"),
    ),
    "value of the wrong type": (
        (*TOY, "--set", "steps=many"),
        ("steps", "'many'", "integer"),
    ),
    "value out of range": (
        (*TOY, "--set", "learning_rate=-1"),
        ("learning_rate", "-1", "greater than 0"),
    ),
    "suite value of the wrong type": (
        (*TOY, "--set", "suite.parts=[2]"),
        ("parts", "[2]"),
    ),
    "suite value that is a table": (
        (*TOY, "--set", "suite.image_size={a=1}"),
        ("image_size", "integer"),
    ),
    "suite value out of range": (
        (*TOY, "--set", "suite.image_size=4"),
        ("image_size", "4", "greater than or equal to 8"),
    ),
    "metric parameter of the wrong type": (
        (*TOY, "--set", "suite.width=wide"),
        ("width", "'wide'"),
    ),
    "setting without a value": (
        (*TOY, "--set", "steps"),
        ("--set steps", "key=value"),
    ),
    "setting without a key": (
        (*TOY, "--set", "=4"),
        ("--set =4", "key=value"),
    ),
    "seed that is no number": (
        (*TOY, "--seed", "x"),
        ("--seed x", "whole numbers"),
    ),
    "negative seed": (
        (*TOY, "--seed", "-1"),
        ("--seed", "-1"),
    ),
    "empty seed": (
        (*TOY, "--seed", ""),
        ("--seed",),
    ),
    "device that does not exist": (
        (*TOY, "--device", "tpu"),
        ("--device tpu", "auto, cpu, cuda"),
    ),
    "device of another kind": (
        (*TOY, "--device", "meta"),
        ("--device meta", "auto, cpu, cuda"),
    ),
    "device that is not there": (
        (*TOY, "--device", "cuda:99"),
        ("--device cuda:99",),
    ),
    "precision that does not exist": (
        (*TOY, "--precision", "fp8"),
        ("--precision fp8", "auto, fp32 or bf16"),
    ),
    "unknown executor": (
        (*TOY, "--executor", "locl"),
        ("Unknown executor 'locl'. Did you mean 'local'?",),
    ),
    "empty method": (
        (*RUN, "--method", "", *FACES),
        ("--method",),
    ),
    "empty suite": (
        (*RUN, *SHAPE, "--suite", ","),
        ("--suite",),
    ),
    "no such data root": (
        (*RUN, *SHAPE, "--suite", "celeba_wild", "--data", "nowhere"),
        ("nowhere", "celeba"),
    ),
    "skip-broken without files": (
        (*TOY, "--skip-broken"),
        ("--skip-broken", "toy_discs"),
    ),
}


@pytest.mark.parametrize(("arguments", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_wrong_words_are_refused_in_one_sentence(
    arguments: tuple[str, ...], words: tuple[str, ...], cli: InProcess
) -> None:
    done = cli(*arguments, "--no-baselines")
    assert done.code == 2
    assert done.out == ""
    for word in words:
        assert word in done.error
    assert not list(Path("runs").glob("*/*/record.json"))


#: Refused by typer itself, in its own form.
MALFORMED: dict[str, tuple[tuple[str, ...], str]] = {
    "no worker": ((*TOY, "--workers", "0"), "'--workers'"),
    "no thread": ((*TOY, "--threads", "0"), "'--threads'"),
    "threads that are no number": ((*TOY, "--threads", "two"), "'--threads'"),
    "negative checkpoint interval": (
        (*TOY, "--checkpoint-seconds", "-1"),
        "'--checkpoint-seconds'",
    ),
    "no method": (("run", "--suite", "toy_discs"), "--method"),
    "unknown option": ((*TOY, "--sead", "1"), "--seed"),
    "unknown command": (("rnu",), "run"),
}


@pytest.mark.parametrize(("arguments", "word"), MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_options_are_refused_by_name(
    arguments: tuple[str, ...], word: str, cli: InProcess
) -> None:
    done = cli(*arguments)
    assert done.code == 2
    assert word in done.err
    assert "Traceback" not in done.err
    assert not Path("runs").exists()


def test_unknown_kind_of_list_offers_the_nearest(cli: InProcess) -> None:
    done = cli("list", "method")
    assert done.code == 2
    assert "Did you mean 'methods'?" in done.error


@pytest.mark.parametrize("kind", ["method", "suite", "metric", "dataset"])
def test_show_of_an_unknown_name_says_what_there_is(kind: str, cli: InProcess) -> None:
    done = cli("show", kind, "nothing_of_the_kind")
    assert done.code == 2
    assert f"Unknown {kind} 'nothing_of_the_kind'." in done.error


def test_a_wrong_name_among_good_ones_runs_nothing(cli: InProcess) -> None:
    done = cli(*TOY, "--method", "toy_colors", "--no-baselines")
    assert done.code == 2
    assert "Did you mean 'toy_colours'?" in done.error
    assert not Path("runs").exists()


def test_same_names_twice_run_once(cli: InProcess) -> None:
    done = cli(*TOY, "--method", "toy_colours", "--seed", "0,0", "--preset", "smoke", "--dry-run")
    assert done.out.count("toy_colours (preset") == 1


def test_setting_for_one_of_two_methods_is_fine(cli: InProcess) -> None:
    done = cli("run", *SMALL_FACES, "--method", "toy_colours,mean_shape", "--set", "steps=2")
    assert done.code == 0, done.err
