"""Captions as vectors: the hash of words, and models of sentence-transformers."""

import subprocess
import sys
from itertools import permutations
from types import ModuleType

import numpy as np
import pytest
import torch

from harness.errors import AssetMissing, DataError, UserError
from harness_editing.oracles.captions import encoders
from harness_editing.oracles.captions.encoders import HashedWords, build_encoder

#: Every word that says something about a drawn face.
WORDS = (
    "person short long light dark hair bangs thick brows beard wearing hat glasses lipstick "
    "smiling open mouth"
)


@pytest.fixture(scope="module")
def hashed():
    return HashedWords()


def test_hashed_words_is_what_its_name_builds():
    assert isinstance(build_encoder("hashed_words"), HashedWords)


@pytest.mark.parametrize(
    "caption",
    [
        "a person with long light hair, a beard, wearing a hat and smiling",
        "",
        "   ",
        "…!?",
        "a",
        "the of and",
        "qwertz uiopü",
        "戴帽子的人",
        "человек в шляпе",
        "شخص يرتدي قبعة",
        "🙂",
    ],
)
def test_every_caption_has_a_vector_of_length_1(hashed, caption):
    (vector,) = hashed([caption])
    assert (vector.shape, vector.dtype) == ((64,), torch.float32)
    assert float(vector.norm()) == pytest.approx(1)


def test_order_repetition_case_and_little_words_do_not_matter(hashed):
    vectors = hashed(
        [
            "a person with short dark hair, smiling",
            "smiling person with the dark, short hair",
            "Person smiling, SMILING: hair dark short",
        ]
    )
    assert torch.allclose(vectors, vectors[:1].expand(3, -1), atol=1e-6)


def test_captions_of_other_words_differ(hashed):
    texts = ["person with short hair", "person with long hair", "a hat", "шляпа", "帽子", ""]
    cosines = hashed(texts) @ hashed(texts).T
    for one, other in permutations(range(len(texts)), 2):
        assert cosines[one, other] < 0.9


def test_captions_without_words_share_one_direction(hashed):
    vectors = hashed(["", "  ", "a the", "🙂"])
    assert torch.equal(vectors, vectors[:1].expand(4, -1))


def test_words_of_drawn_faces_have_directions_of_their_own(hashed):
    vectors = hashed([*WORDS.split(), ""])
    assert (vectors @ vectors.T - torch.eye(len(vectors))).abs().max() < 0.55


def test_more_common_words_are_nearer(hashed):
    start, near, far = hashed(
        [
            "a person with long light hair, wearing a hat",
            "a person with long light hair, wearing glasses",
            "a person with short dark hair and a beard",
        ]
    )
    assert start @ near > start @ far + 0.15


def test_sum_of_the_words_directions_brought_to_length_1(hashed):
    rows = {word: hashed.words.transform([word]).indices[0] for word in ("hat", "beard")}
    total = sum(hashed.directions[row] for row in rows.values())
    expected = total / np.linalg.norm(total)
    np.testing.assert_allclose(hashed(["a beard, a hat"])[0].numpy(), expected, atol=1e-6)


def test_vectors_are_the_same_in_another_process(hashed):
    """Python's own hash of a text differs from process to process."""
    code = (
        "from harness_editing.oracles.captions.encoders import HashedWords; "
        "print(HashedWords()(['a hat and a beard', '']).sum(0).double().tolist())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    here = hashed(["a hat and a beard", ""]).sum(0).double().tolist()
    assert done.stdout.strip() == str(here)


class Model:
    """Stands for a model of sentence-transformers."""

    made: tuple[object, ...] = ()

    def __init__(self, name, **options):
        type(self).made = (name, options)

    def encode(self, texts, **options):
        assert isinstance(texts, list)
        assert options == {"normalize_embeddings": True, "show_progress_bar": False}
        values = np.array([[len(text), 1.0] for text in texts])
        return values / np.linalg.norm(values, axis=1, keepdims=True)


def package(monkeypatch, model):
    module = ModuleType("sentence_transformers")
    module.SentenceTransformer = model
    monkeypatch.setitem(sys.modules, "sentence_transformers", module)


def test_model_is_taken_from_this_machine_only(monkeypatch):
    package(monkeypatch, Model)
    encoder = build_encoder("all-mpnet-base-v2")
    assert Model.made == ("all-mpnet-base-v2", {"local_files_only": True, "device": "cpu"})
    vectors = encoder(("abc", ""))
    assert vectors.dtype == torch.float32
    expected = [[3 / 10**0.5, 1 / 10**0.5], [0.0, 1.0]]
    assert torch.allclose(vectors, torch.tensor(expected))
    assert not vectors.is_inference()


def test_missing_package_is_named_with_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(UserError) as caught:
        build_encoder("all-mpnet-base-v2")
    assert str(caught.value) == (
        "encoder = all-mpnet-base-v2 needs the package sentence-transformers: pip install "
        "'harness[captions]'; or set encoder=hashed_words."
    )


@pytest.mark.parametrize("error", [OSError, ValueError])
@pytest.mark.parametrize(
    ("name", "full"),
    [
        ("all-mpnet-base-v2", "sentence-transformers/all-mpnet-base-v2"),
        ("someone/model", "someone/model"),
    ],
)
def test_missing_model_is_named_with_its_home(monkeypatch, error, name, full):
    def missing(*_, **__):
        raise error("We couldn't connect\nto anything")

    package(monkeypatch, missing)
    monkeypatch.setenv("SENTENCE_TRANSFORMERS_HOME", "/models")
    with pytest.raises(AssetMissing) as caught:
        build_encoder(name)
    assert str(caught.value) == (
        f"encoder = {name} is no model on this machine (looked for in /models); fetch it where "
        f"there is internet with 'hf download {full} --local-dir FOLDER' "
        f"(https://huggingface.co/{full}), copy the folder here and set encoder=FOLDER, or set "
        "encoder=hashed_words."
    )
    monkeypatch.delenv("SENTENCE_TRANSFORMERS_HOME")
    with pytest.raises(AssetMissing, match=r"looked for in .*hub\)"):
        build_encoder(name)


@pytest.mark.parametrize("name", ["/nowhere/model", "./model", "one/two/three"])
def test_missing_folder_is_not_taken_for_a_models_name(monkeypatch, name):
    def missing(*_, **__):
        raise FileNotFoundError

    package(monkeypatch, missing)
    with pytest.raises(AssetMissing, match=f"encoder = {name}: there is no such folder; copy a"):
        build_encoder(name)


def test_folder_without_a_model_is_refused(monkeypatch, tmp_path):
    def broken(*_, **__):
        raise ValueError("Unrecognized model.\nMore")

    package(monkeypatch, broken)
    message = r"holds no model of sentence-transformers \(Unrecognized model\); copy the whole"
    with pytest.raises(DataError, match=message):
        build_encoder(str(tmp_path))


def test_missing_encoder_is_told_before_anything_is_trained(oracle, unused, truth, monkeypatch):
    from memory_run import MemoryRun

    monkeypatch.setattr(encoders, "import_module", lambda _: (_ for _ in ()).throw(ImportError))
    run = MemoryRun()
    run.labelled = truth
    with pytest.raises(UserError, match=r"pip install 'harness\[captions\]'"):
        oracle("captions", encoder="all-mpnet-base-v2").fit(unused, run)
    assert run.loops == []


def test_every_different_caption_is_encoded_once(oracle, truth):
    made, asked = oracle("captions"), []
    real = made.encoder

    def counting(texts):
        asked.append(list(texts))
        return real(texts)

    made.encoder = counting
    targets = made.targets(truth)
    assert [len(texts) for texts in asked] == [4]
    assert torch.equal(targets, real(truth.captions))
