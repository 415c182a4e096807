from pathlib import Path

import numpy as np
import pytest
from trees import make_celeba_tree, make_photo_folder, shared_data

from harness.cache import open_dataset
from harness.contract import Dataset, Samples
from harness.registry import registry
from harness.suite import Suite, load_protocol, load_suite
from harness.toml import validate
from harness_suites.plugin import harness_suites

SPECS = {spec.name: spec for spec in harness_suites()}
NAMES = pytest.mark.parametrize("name", sorted(SPECS))
MASK_METRICS = {"foreground_iou", "part_iou", "nmi", "ari"}
LANDMARK_METRICS = {
    "inter_ocular_error",
    "landmark_error",
    "bbc_pose_accuracy",
    "human36m_error",
    "taichi_mae",
}
#: Suites without masks to learn from, only to be scored by.
MASKS_OF_TEST_ALONE = {"taichi"}


def opened(name: str, data: Path | None = None) -> tuple[Suite, Dataset]:
    suite = load_suite(SPECS[name])
    return suite, open_dataset(suite, registry(), data)


def role_sizes(name: str, data: Path | None = None) -> list[int]:
    suite, dataset = opened(name, data)
    roles = (suite.roles.fit, suite.roles.regress, suite.roles.test)
    return [len(dataset.ids(role.split)) for role in roles if role is not None]


def first(name: str, role: str, count: int, data: Path | None = None) -> Samples:
    suite, dataset = opened(name, data)
    return dataset.read(getattr(suite.roles, role).split, range(count), suite.image_size)


@NAMES
def test_suite_names_only_what_is_registered(name: str) -> None:
    known, suite = registry(), load_suite(SPECS[name])
    options = known.datasets.get(suite.dataset)
    validate(options.load(options.spec.options), suite.dataset_options, name)
    for use in suite.metrics:
        metric = known.metrics.get(use.name)
        validate(metric.load(metric.spec.params), use.params, name)
    for method in [*suite.baselines, *suite.oracles]:
        assert method == "untrained" or known.methods.get(method).spec.kind != "learned"


@NAMES
def test_suite_tells_what_it_is(name: str) -> None:
    suite = load_suite(SPECS[name])
    assert 20 < len(suite.summary) < 100
    assert suite.description
    assert "\n" not in suite.summary


@NAMES
def test_listing_sees_the_suite_and_the_number_of_its_rows(name: str) -> None:
    whole = load_suite(SPECS[name])
    bare, rows = load_protocol(SPECS[name])
    assert rows == len(whole.published)
    assert bare == whole.model_copy(update={"published": []})


@NAMES
def test_suite_has_the_baselines_of_its_labels(name: str) -> None:
    suite = load_suite(SPECS[name])
    metrics, baselines = {use.name for use in suite.metrics}, set(suite.baselines)
    landmarks = bool(metrics & LANDMARK_METRICS)
    assert landmarks == ({"mean_shape", "image_centre", "random_keypoints"} <= baselines)
    masks = bool(metrics & MASK_METRICS)
    assert masks == ("colour_clusters" in baselines)
    assert (masks and name not in MASKS_OF_TEST_ALONE) == ("mean_mask" in baselines)
    assert ("part_iou" in metrics) == bool(suite.oracles)


def test_published_rows_of_celeba_are_those_of_the_paper() -> None:
    rows = {
        name: {(row.method, *row.marks): row.value for row in load_suite(SPECS[name]).published}
        for name in ("celeba_wild", "celeba_wild_k4", "celeba_aligned")
    }
    assert {name: len(values) for name, values in rows.items()} == {
        "celeba_wild": 24,
        "celeba_wild_k4": 7,
        "celeba_aligned": 6,
    }
    ours = {name: values[("GANSeg",)] for name, values in rows.items()}
    assert ours == {"celeba_wild": 6.18, "celeba_wild_k4": 12.26, "celeba_aligned": 3.98}
    assert rows["celeba_wild"]["SCOPS", "with saliency"] == 15.01
    assert rows["celeba_wild_k4"]["IMM", "reported by Liu et al."] == 19.42


@pytest.mark.parametrize("difficulty", ["mid", "aligned", "wild"])
def test_synthetic_suites_differ_in_difficulty_alone(difficulty: str) -> None:
    name = "synthetic_faces" if difficulty == "mid" else f"synthetic_faces_{difficulty}"
    suite, usual = load_suite(SPECS[name]), load_suite(SPECS["synthetic_faces"])
    assert suite.dataset_options == {"difficulty": difficulty}
    assert suite.metrics == usual.metrics
    assert role_sizes(name) == [20_000, 2_000, 1_000]
    assert first(name, "test", 2).parts is not None


@pytest.mark.parametrize(
    "name", ["synthetic_faces", "mafl_sample", "faces_68", "flowers_17", "own_images"]
)
def test_suites_of_a_few_minutes_measure_edits(name: str) -> None:
    params = {use.name: use.params for use in load_suite(SPECS[name]).metrics}
    assert [params[metric] for metric in ("edit_locality", "move_consistency")] == 2 * [
        {"images": 32}
    ]


@pytest.mark.parametrize("name", ["celeba_wild", "celeba_wild_k4", "celeba_aligned"])
def test_celeba_suites_run_on_a_small_tree(name: str, tmp_path: Path) -> None:
    make_celeba_tree(tmp_path, 40)
    expected = [26, 16, 8] if name == "celeba_aligned" else [22, 14, 7]
    assert role_sizes(name, tmp_path) == expected
    assert first(name, "test", 7, tmp_path).landmarks.shape == (7, 5, 2)


@pytest.mark.parametrize("labelled", [True, False])
def test_own_images_run_with_and_without_labels(tmp_path: Path, labelled: bool) -> None:
    make_photo_folder(tmp_path, 20, labelled=labelled)
    assert role_sizes("own_images", tmp_path) == [16, 16 if labelled else 0, 4]
    assert (first("own_images", "test", 4, tmp_path).landmarks is not None) == labelled


def test_faces_68_has_its_stated_splits() -> None:
    root = shared_data("faces_68")
    assert role_sizes("faces_68", root) == [3_402, 3_402, 830]
    _, dataset = opened("faces_68", root)
    train, test = ({who(name) for name in dataset.ids(split)} for split in ("train", "test"))
    assert not train & test
    samples = first("faces_68", "test", 100, root)
    assert samples.landmarks.shape == (100, 68, 2)
    assert ((samples.landmarks > 0) & (samples.landmarks < 1)).all()


def who(name: str) -> str:
    """The person on a frame `train/First_Last_30.jpg`."""
    return Path(name).stem.rpartition("_")[0]


def test_mafl_sample_has_its_stated_splits() -> None:
    root = shared_data("celeba_crops")
    assert role_sizes("mafl_sample", root) == [12_000 - 237, 4_331, 237]
    suite, dataset = opened("mafl_sample", root)
    assert not set(dataset.ids(suite.roles.fit.split)) & set(dataset.ids("test"))
    samples = first("mafl_sample", "test", 237, root)
    assert samples.visible.all()
    assert ((samples.landmarks > 0) & (samples.landmarks < 1)).all()
    left, right = samples.landmarks[:, 0, 0].mean(), samples.landmarks[:, 1, 0].mean()
    assert left < 0.5 < right
    assert samples.attributes.shape == (237, 40)


def test_celeba_attributes_sample_has_the_official_partition_and_40_attributes() -> None:
    root = shared_data("celeba_crops")
    assert role_sizes("celeba_attributes_sample", root) == [6_594, 6_594, 4_640]
    suite, dataset = opened("celeba_attributes_sample", root)
    assert len(dataset.attribute_names) == 40
    for metric in suite.metrics:
        assert set(metric.params["attributes"]) <= set(dataset.attribute_names)
    attributes = first("celeba_attributes_sample", "test", 200, root).attributes
    assert set(np.unique(attributes)) == {0, 1}


def test_flowers_17_has_its_stated_splits_and_foreground() -> None:
    root = shared_data("flowers_masks")
    assert role_sizes("flowers_17", root) == [646 + 514, 646, 200]
    samples = first("flowers_17", "test", 200, root)
    share = samples.foreground.mean()
    # Stated for all 846 masks at 128 px: 27 % flower, 15 % unlabelled.
    assert 0.22 < share < 0.32
    assert 0.1 < samples.ignored.mean() < 0.2


def test_official_sample_of_celeba_is_read(tmp_path: Path) -> None:
    import zipfile

    with zipfile.ZipFile(shared_data("celeba_crops") / "official_sample.zip") as archive:
        archive.extractall(tmp_path)
    _, dataset = opened("celeba_aligned", tmp_path)
    sizes = {split: len(dataset.ids(split)) for split in dataset.splits()}
    assert sizes == {
        "train": 140,
        "val": 30,
        "test": 30,
        "mafl_train": 130,
        "mafl_test": 70,
        "train_without_mafl_test": 100,
        "all_without_mafl": 0,
    }
    samples = first("celeba_aligned", "test", 70, tmp_path)
    assert ((samples.landmarks > 0) & (samples.landmarks < 1)).all()
    assert samples.attributes.shape == (70, 40)
