"""Sentences that say what the attributes say."""

from harness_datasets.synthetic_faces.anatomy import Flags

_TRAITS = {"bangs": "bangs", "thick_brows": "thick brows", "beard": "a beard"}
_WORN = {"hat": "a hat", "glasses": "glasses", "lipstick": "lipstick"}


def describe(attributes: dict[str, bool]) -> str:
    """Sentence for the attributes of one face.

    >>> describe({"light_hair": True, "long_hair": True, "glasses": True, "smile": True})
    'a person with long light hair, wearing glasses and smiling'
    """
    has = {name for name, value in attributes.items() if value}
    length = "long" if "long_hair" in has else "short"
    tone = "light" if "light_hair" in has else "dark"
    traits = [f"{length} {tone} hair"] + [_TRAITS[name] for name in _TRAITS if name in has]
    worn = [_WORN[name] for name in _WORN if name in has]
    doing = [f"wearing {_listed(worn)}"] if worn else []
    doing += ["smiling"] if "smile" in has else []
    doing += ["with an open mouth"] if "mouth_open" in has else []
    return f"a person with {_listed(traits)}" + (f", {_listed(doing)}" if doing else "")


def captions_of(attributes: dict[str, Flags]) -> list[str]:
    """A sentence per face."""
    names = tuple(attributes)
    rows = zip(*(attributes[name].tolist() for name in names), strict=True)
    return [describe(dict(zip(names, row, strict=True))) for row in rows]


def _listed(words: list[str]) -> str:
    if len(words) == 1:
        return words[0]
    return f"{', '.join(words[:-1])} and {words[-1]}"
