from __future__ import annotations

import json

from commands import InProcess
from PIL import Image
from toy_world import Toy


def test_check_counts_and_passes(cli: InProcess) -> None:
    done = cli("data", "check", "toy")
    assert done.code == 0, done.err
    assert "labelled" in done.out
    assert json.loads(cli("data", "check", "toy", "--json").out)["ok"] is True


def test_failed_check_is_shown_and_exits_with_one(cli: InProcess, toy: Toy) -> None:
    toy.suite(dataset_options={"flaw": "broken"})
    done = cli("data", "check", "toy")
    assert done.code == 1
    assert "wrong" in done.out
    assert done.error == "toy: 1 checks failed: role test: split test."
    assert json.loads(cli("data", "check", "toy", "--json").out)["ok"] is False


def test_missing_data_are_the_users_mistake(cli: InProcess, toy: Toy) -> None:
    toy.suite(dataset="toy_folder")
    done = cli("data", "check", "toy", "--data", "nowhere")
    assert done.code == 2
    assert "https://example.org/toy" in done.err


def test_preview_writes_a_picture(cli: InProcess) -> None:
    assert cli("data", "preview", "toy", "--count", "3").out == "toy.png\n"
    with Image.open(cli.folder / "toy.png") as sheet:
        assert sheet.width == 3 * 128 + 2 * 4
        assert sheet.height > 128  # names of the truth stand above, its words below
    assert cli("data", "preview", "toy", "--out", "new/sheet.png").code == 0
    assert (cli.folder / "new" / "sheet.png").exists()


def test_cache_is_filled_once(cli: InProcess) -> None:
    from toy_plugin.data import READS

    rows = json.loads(cli("data", "cache", "toy", "--json").out)
    assert [(row["role"], row["images"]) for row in rows] == [
        *(("fit", 6), ("regress", 6), ("test", 6)),
    ]
    READS.clear()
    done = cli("data", "cache", "toy")
    assert done.code == 0
    assert READS == []
