from __future__ import annotations

import multiprocessing
import shutil
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from toy_plugin.building import build
from toy_plugin.data import READS, ToyDataset
from toy_plugin.options import ToyData
from toy_world import Toy

from harness.cache import CachedSplit, load_roles, load_split, open_dataset, resized_images
from harness.contract import Samples
from harness.errors import ConfigError, ContractError, DataError, HarnessError, RunError
from harness.suite import Role, Roles, load_suite
from harness.training.images import resize_images


@pytest.fixture
def split(toy: Toy) -> Callable[..., CachedSplit]:
    """Loads the split `test` of a toy data set with these options."""

    def load(kind: type[ToyDataset] = ToyDataset, size: int = 16, **options: Any) -> CachedSplit:
        dataset = kind(None, ToyData(**options))
        return load_split("toy_data", dataset, "test", size, toy.known)

    return load


def direct(count: int = 6) -> Samples:
    return ToyDataset(None, ToyData(images=count)).read("test", range(count), 16)


def test_a_split_reads_back_as_the_dataset_gave_it(split: Callable[..., CachedSplit]) -> None:
    got, expected = split().samples, direct()
    assert list(got.ids) == list(expected.ids)
    assert got.captions == expected.captions
    for name in ("images", "landmarks", "visible", "parts", "foreground"):
        array, given = getattr(got, name), getattr(expected, name)
        assert array.dtype == given.dtype
        np.testing.assert_array_equal(array, given)
    assert got.attributes is None


def test_a_split_longer_than_a_chunk_keeps_its_order(
    split: Callable[..., CachedSplit], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.cache.CHUNK", 4)
    got = split(images=10)
    assert sorted(READS) == [("test", 0), ("test", 4), ("test", 8)]
    np.testing.assert_array_equal(got.samples.images, direct(10).images)
    assert got.samples.captions == direct(10).captions
    assert list(got.digests) == list(split(images=10).digests)


def test_a_split_is_built_once(split: Callable[..., CachedSplit]) -> None:
    first, second = split(), split()
    assert READS == [("test", 0)]
    assert second.fingerprint == first.fingerprint


@pytest.mark.parametrize("change", [{"size": 20}, {"images": 5}], ids=["size", "source"])
def test_other_pixels_have_a_cache_of_their_own(
    split: Callable[..., CachedSplit], change: dict[str, Any]
) -> None:
    assert split(**change).folder != split().folder
    assert len(READS) == 2


def test_the_cache_cannot_be_written_to(split: Callable[..., CachedSplit]) -> None:
    with pytest.raises(ValueError, match="read-only"):
        split().samples.images[0] = 0


class Changed(ToyDataset):
    """The same names and images with one thing changed."""

    change: Callable[[Samples], Samples]

    def read(self, name: str, indices: Sequence[int], image_size: int) -> Samples:
        return type(self).change(super().read(name, indices, image_size))

    def source(self) -> dict[str, Any]:
        return {"changed": type(self).__name__}


def nudged(field: str) -> Callable[[Samples], Samples]:
    def change(samples: Samples) -> Samples:
        array = getattr(samples, field).copy()
        array.flat[-1] = not array.flat[-1]
        return replace(samples, **{field: array})

    return change


@pytest.mark.parametrize(
    "change",
    [
        nudged("images"),
        nudged("landmarks"),
        nudged("visible"),
        nudged("parts"),
        nudged("foreground"),
        lambda samples: replace(samples, captions=["x", *samples.captions[1:]]),
        lambda samples: replace(samples, foreground=None),
    ],
    ids=["pixel", "landmark", "visibility", "part", "foreground", "caption", "absent"],
)
def test_any_change_of_the_content_changes_the_fingerprint(
    split: Callable[..., CachedSplit], change: Callable[[Samples], Samples]
) -> None:
    kind = type("OneChange", (Changed,), {"change": staticmethod(change)})
    assert split(kind).fingerprint != split().fingerprint


def test_the_same_content_from_elsewhere_has_the_same_fingerprint(
    split: Callable[..., CachedSplit],
) -> None:
    kind = type("NoChange", (Changed,), {"change": staticmethod(lambda samples: samples)})
    copied = split(kind)
    assert copied.folder != split().folder
    assert copied.fingerprint == split().fingerprint


def test_other_names_change_the_fingerprint(split: Callable[..., CachedSplit]) -> None:
    class Renamed(ToyDataset):
        def ids(self, name: str) -> Sequence[str]:
            return [f"new-{i}" for i in super().ids(name)]

        def source(self) -> dict[str, Any]:
            return {"renamed": True}

    assert split(Renamed).fingerprint != split().fingerprint
    assert list(split(Renamed).digests) == list(split().digests)


def test_equal_images_have_equal_digests(split: Callable[..., CachedSplit]) -> None:
    def twin(samples: Samples) -> Samples:
        images = samples.images.copy()
        images[1] = images[0]
        return replace(samples, images=images)

    digests = split(type("Twin", (Changed,), {"change": staticmethod(twin)})).digests
    assert digests[0] == digests[1]
    assert len(set(digests)) == 5


class Crashing(ToyDataset):
    """Dies in the middle of the split the first time."""

    died = False

    def read(self, name: str, indices: Sequence[int], image_size: int) -> Samples:
        if indices[0] >= 4 and not type(self).died:
            type(self).died = True
            raise KeyboardInterrupt
        return super().read(name, indices, image_size)


def test_a_build_that_is_interrupted_is_done_again(
    split: Callable[..., CachedSplit], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.cache.CHUNK", 2)
    monkeypatch.setattr(Crashing, "died", False)
    with pytest.raises(KeyboardInterrupt):
        split(Crashing)
    got = split(Crashing)
    np.testing.assert_array_equal(got.samples.images, direct().images)
    assert [p.name for p in got.folder.parent.iterdir() if p.suffix == ".part"] == []


def test_remains_of_a_killed_build_are_swept_away(split: Callable[..., CachedSplit]) -> None:
    folder = split().folder
    remains = folder.with_name(f".{folder.name}.part")
    folder.rename(remains)
    (remains / "attributes.npy").write_bytes(b"rubbish")
    got = split()
    assert got.samples.attributes is None
    assert not remains.exists()


def test_a_foreseen_problem_keeps_its_sentence(split: Callable[..., CachedSplit]) -> None:
    with pytest.raises(DataError, match="the file is broken"):
        split(flaw="broken")


def test_two_threads_build_once(split: Callable[..., CachedSplit]) -> None:
    start = threading.Barrier(2)
    found: list[CachedSplit] = []

    def load() -> None:
        start.wait()
        found.append(split())

    threads = [threading.Thread(target=load) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert READS == [("test", 0)]
    assert found[0].fingerprint == found[1].fingerprint


def test_two_processes_build_once(toy: Toy) -> None:
    context = multiprocessing.get_context("spawn")
    queue, ready = context.Queue(), context.Barrier(2)
    processes = [context.Process(target=build, args=(queue, ready)) for _ in range(2)]
    for process in processes:
        process.start()
    answers = [queue.get(timeout=60) for _ in processes]
    for process in processes:
        process.join()
    assert answers[0][0] == answers[1][0]
    assert sorted(reads for _, reads in answers) == [0, 1]


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / "meta.json").write_text("{"),
        lambda folder: (folder / "meta.json").write_text("[]"),
        lambda folder: (folder / "meta.json").write_text('{"ids": []}'),
        lambda folder: (folder / "images.npy").unlink(),
        lambda folder: (folder / "images.npy").write_bytes(b""),
        lambda folder: (folder / "images.npy").write_bytes(
            (folder / "images.npy").read_bytes()[:-9]
        ),
        lambda folder: np.save(folder / "parts.npy", np.zeros((3, 16, 16), np.uint8)),
    ],
    ids=["meta", "list", "keys", "no images", "empty", "cut", "length"],
)
def test_a_damaged_cache_is_named(
    split: Callable[..., CachedSplit], damage: Callable[[Path], object]
) -> None:
    folder = split().folder
    damage(folder)
    with pytest.raises(RunError, match="damaged") as caught:
        split()
    assert str(folder) in str(caught.value)


def test_a_cache_folder_that_cannot_be_made_is_named(
    split: Callable[..., CachedSplit], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "file"))
    with pytest.raises(RunError, match="cannot be used"):
        split()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda s: s.take(range(len(s) - 1)), "other images than"),
        (lambda s: replace(s, images=s.images[:, :, :8]), r"uint8 \[6, 3, 8, 16\]"),
        (lambda s: replace(s, images=s.images.astype(np.float32)), "float32"),
        (lambda s: replace(s, landmarks=s.landmarks[:2]), "2 landmarks for 6 images"),
        (lambda s: replace(s, captions=s.captions[:1]), "1 captions for 6 images"),
    ],
    ids=["short", "size", "type", "labels", "captions"],
)
def test_a_dataset_that_gives_other_arrays_is_refused(
    split: Callable[..., CachedSplit], change: Callable[[Samples], Samples], words: str
) -> None:
    kind = type("Wrong", (Changed,), {"change": staticmethod(change)})
    with pytest.raises(ContractError, match=words):
        split(kind)


@pytest.mark.parametrize("first", [True, False], ids=["vanishing", "appearing"])
def test_labels_of_some_chunks_only_are_refused(
    split: Callable[..., CachedSplit], monkeypatch: pytest.MonkeyPatch, first: bool
) -> None:
    monkeypatch.setattr("harness.cache.CHUNK", 3)

    def change(samples: Samples) -> Samples:
        bare = (samples.ids[0] == "test-0") != first
        return replace(samples, parts=None) if bare else samples

    kind = type("Patchy", (Changed,), {"change": staticmethod(change)})
    with pytest.raises(ContractError, match="'parts' for some images"):
        split(kind)


def test_a_name_that_occurs_twice_is_refused(split: Callable[..., CachedSplit]) -> None:
    class Doubled(ToyDataset):
        def ids(self, name: str) -> Sequence[str]:
            return ["a", "b", "a"]

    with pytest.raises(DataError, match="'a' occurs twice"):
        split(Doubled)


def test_a_limit_keeps_the_first_samples(split: Callable[..., CachedSplit]) -> None:
    whole = split()
    cut = whole.first(2)
    assert list(cut.samples.ids) == ["test-0", "test-1"]
    assert list(cut.digests) == list(whole.digests[:2])
    assert len(cut.samples.captions or ()) == 2
    np.testing.assert_array_equal(cut.samples.parts, whole.samples.parts[:2])
    assert cut.fingerprint not in (whole.fingerprint, whole.first(3).fingerprint)


@pytest.mark.parametrize("limit", [None, 6, 99])
def test_a_limit_beyond_the_end_changes_nothing(
    split: Callable[..., CachedSplit], limit: int | None
) -> None:
    assert split().first(limit).fingerprint == split().fingerprint


def test_resized_images_are_what_resizing_gives(split: Callable[..., CachedSplit]) -> None:
    whole = split()
    expected = resize_images(torch.from_numpy(direct().images), 8).numpy()
    np.testing.assert_array_equal(resized_images(whole, 8), expected)
    np.testing.assert_array_equal(resized_images(whole.first(2), 8), expected[:2])


def test_images_of_their_own_size_are_not_copied(split: Callable[..., CachedSplit]) -> None:
    whole = split()
    assert resized_images(whole, 16) is whole.samples.images


def test_resized_images_are_made_once(
    split: Callable[..., CachedSplit], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = split()
    first = np.array(resized_images(whole, 8))
    monkeypatch.setattr("harness.cache._resize", None)
    np.testing.assert_array_equal(resized_images(whole, 8), first)


def test_damaged_resized_images_are_named(split: Callable[..., CachedSplit]) -> None:
    whole = split()
    (whole.folder / "images-8.npy").write_bytes(b"")
    with pytest.raises(RunError, match="damaged"):
        resized_images(whole, 8)


def roles_of(toy: Toy, **changes: Any) -> dict[str, CachedSplit]:
    toy.suite(**changes)
    suite = load_suite(toy.known.suites.get("toy").spec)
    return load_roles(suite, open_dataset(suite, toy.known), toy.known)


def test_the_roles_of_a_suite_are_its_splits(toy: Toy) -> None:
    limited = Roles(fit=Role(split="train", limit=2), test=Role(split="test"))
    roles = roles_of(toy, roles=limited.model_dump(exclude_none=True))
    assert {role: list(split.samples.ids)[:1] for role, split in roles.items()} == {
        "fit": ["train-0"],
        "test": ["test-0"],
    }
    assert len(roles["fit"].samples) == 2


def test_an_empty_split_for_regression_is_left_out(toy: Toy) -> None:
    assert set(roles_of(toy, dataset_options={"regress_images": 0})) == {"fit", "test"}


@pytest.mark.parametrize(
    ("changes", "kind", "words"),
    [
        ({"dataset_options": {"images": 0}}, DataError, "'train' for role 'fit' has no image"),
        (
            {"roles": {"fit": {"split": "trian"}, "test": {"split": "test"}}},
            DataError,
            "'trian', but 'toy_data' has train, labelled, test",
        ),
        ({"dataset_options": {"images": "few"}}, ConfigError, "suite toy: dataset_options: images"),
        ({"dataset": "toy_folder"}, DataError, "(?s)nothing found below.*toy/\n  images/.*example"),
    ],
    ids=["empty", "unknown split", "option", "no root"],
)
def test_data_that_cannot_be_used_are_explained(
    toy: Toy, changes: dict[str, Any], kind: type[HarnessError], words: str
) -> None:
    with pytest.raises(kind, match=words):
        roles_of(toy, **changes)


@pytest.mark.parametrize("name", ["toy", "toy_folder"], ids=["suite", "dataset"])
def test_data_are_found_below_the_default_root(
    toy: Toy, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    monkeypatch.setenv("HARNESS_DATA", str(tmp_path / "data"))
    (tmp_path / "data" / name).mkdir(parents=True)
    toy.suite(dataset="toy_folder")
    suite = load_suite(toy.known.suites.get("toy").spec)
    assert open_dataset(suite, toy.known).root == tmp_path / "data" / name


def test_a_data_root_is_taken_as_it_is(toy: Toy, tmp_path: Path) -> None:
    toy.suite(dataset="toy_folder")
    suite = load_suite(toy.known.suites.get("toy").spec)
    assert open_dataset(suite, toy.known, tmp_path).root == tmp_path
    shutil.rmtree(tmp_path / "suites")
    with pytest.raises(DataError, match="suites is no folder"):
        open_dataset(suite, toy.known, tmp_path / "suites")


def test_skipping_broken_files_is_refused_where_there_are_none(toy: Toy) -> None:
    suite = load_suite(toy.known.suites.get("toy").spec)
    with pytest.raises(DataError, match="--skip-broken"):
        open_dataset(suite, toy.known, skip_broken=True)


def test_progress_is_told_for_every_chunk(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.cache.CHUNK", 4)
    told: list[tuple[str, int, int]] = []
    dataset = ToyDataset(None, ToyData())
    load_split("toy_data", dataset, "test", 16, toy.known, lambda *news: told.append(news))
    assert told == [("test images", 4, 6), ("test images", 6, 6)]
