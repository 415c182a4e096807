import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from colour_world import BATCH, ColourWorld, plain_images

from harness.errors import DataError
from harness_metrics.image_sets import ImageSets
from harness_metrics.params import ImageSetParams


def sets_of(world: ColourWorld, **params: object) -> ImageSets:
    return ImageSets(world.evaluation, ImageSetParams(**params), world.extractor)


def test_generated_images_come_batch_by_batch(colour_world):
    world = colour_world()
    batches = list(sets_of(world, count=2 * BATCH + 1).generated())
    assert [len(batch) for batch in batches] == [BATCH, BATCH, 1]
    np.testing.assert_array_equal(np.concatenate(batches), world.made_features(2 * BATCH + 1))


def test_images_are_never_all_held(colour_world):
    """10,000 images are 2 MB; their statistics take what one batch does."""
    world = colour_world()
    sets = sets_of(world, count=10_000)

    def lazily(count, seed):
        for start in range(0, count, 100):
            yield from world.evaluation.sample(100, seed + start)

    sets = replace(sets, evaluation=replace(world.evaluation, sample=lazily))
    sets.extractor.features(plain_images(4, 0))
    tracemalloc.start()
    assert len(sets.generated_statistics()) == 10_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10_000 * 3 * 8 * 8 / 4


@pytest.mark.parametrize("real", ["fit", "test"])
def test_the_role_says_what_is_real(real, colour_world):
    world = colour_world(real=40)
    sets = sets_of(world, real=real)
    expected = world.evaluation.fit_images if real == "fit" else world.evaluation.test_truth.images
    np.testing.assert_array_equal(sets.real_images(), expected)
    np.testing.assert_array_equal(sets.real_features(), world.extractor.features(expected))
    assert sets.details()["real images"] == len(expected)


def test_real_count_takes_the_first_ones(colour_world):
    world = colour_world(real=40)
    np.testing.assert_array_equal(
        sets_of(world, real_count=9).real_features(), world.real_features()[:9]
    )


def test_real_statistics_are_kept_and_told_apart_by_content(colour_world, tmp_path):
    world = colour_world(real=600)
    expected = sets_of(world).real_statistics().gaussian()
    np.testing.assert_allclose(expected.matrix, np.cov(world.real_features().T), rtol=1e-6)
    kept = list((tmp_path / "cache" / "real_statistics").glob("*.safetensors"))
    assert len(kept) == 1

    def broken(images: np.ndarray) -> np.ndarray:
        raise AssertionError("seen again")

    blind = replace(world.extractor, net=broken)
    again = replace(sets_of(world), extractor=blind).real_statistics().gaussian()
    np.testing.assert_array_equal(again.matrix, expected.matrix)
    other = world.with_real(plain_images(600, seed=5))
    assert not np.array_equal(sets_of(other).real_statistics().gaussian().mean, expected.mean)
    renamed = replace(world.extractor, identity={"extractor": "other"})
    replace(sets_of(world), extractor=renamed).real_statistics()
    assert len(list(Path(kept[0].parent).glob("*.safetensors"))) == 3


def test_images_on_the_disk_are_the_same(colour_world, tmp_path):
    world = colour_world(real=40)
    np.save(tmp_path / "fit.npy", world.evaluation.fit_images)
    mapped = world.with_real(np.load(tmp_path / "fit.npy", mmap_mode="r"))
    np.testing.assert_array_equal(sets_of(mapped).real_features(), world.real_features())
    assert sets_of(mapped)._key() == sets_of(world)._key()


def test_method_without_samples_is_a_data_error(colour_world):
    world = colour_world()
    bare = replace(world, evaluation=replace(world.evaluation, sample=None))
    with pytest.raises(DataError, match="generates no images"):
        sets_of(bare).generated_statistics()


def test_unknown_real_images_are_a_data_error(colour_world):
    world = colour_world().with_real(None)
    with pytest.raises(DataError, match="compare with those of role 'test' \\(real = \"test\"\\)"):
        sets_of(world).real_statistics()


def test_one_real_image_is_too_few(colour_world):
    world = colour_world().with_real(plain_images(1, 0))
    with pytest.raises(DataError, match="Role 'fit' has 1 image, expected at least 2"):
        sets_of(world).real_statistics()


def test_generated_image_without_finite_features_is_named(colour_world):
    world = colour_world()

    class Odd:
        def __call__(self, images):
            rows = images.mean(dim=(2, 3))
            rows[2] = float("nan")
            return rows

    sets = replace(sets_of(world, count=10), extractor=replace(world.extractor, net=Odd()))
    with pytest.raises(DataError, match="features of generated image 2 are not finite"):
        sets.generated_features()
    with pytest.raises(DataError, match="features of image 2 are not finite"):
        sets.generated_statistics()
