"""Spec, settings and presets, and what the class offers."""

from __future__ import annotations

from harness.conformance.descriptions import check_model
from harness.conformance.kit import fail, named
from harness.conformance.methods.subject import PARTS, MethodSubject
from harness.contract.config import MethodConfig
from harness.contract.editing import Editor
from harness.contract.method import Method
from harness.errors import HarnessError
from harness.presets import DEFAULT, preset_files, resolve_config
from harness.toml import read_toml

#: What a capability is called in the class, where it is more than one method of its name.
MEMBERS = {
    "synthesise": ("draw_latents", "synthesise", "projected", "layers"),
    "answer": ("answer", "encode", "conditions"),
}


def spec(method: MethodSubject) -> None:
    """The spec has a `snake_case` name, a summary of one line, and at least one capability."""
    found = method.spec
    named(found, "Write it in snake_case, as the paper calls it.")
    if not found.capabilities:
        fail("It offers no capability.", "List in the spec what the class implements.")
    if found.kind not in ("learned", "trivial", "oracle"):
        fail(f"Its kind is {found.kind!r}.", "Write 'learned', 'trivial' or 'oracle'.")


def settings(method: MethodSubject) -> None:
    """Every field of the configuration has a description."""
    check_model(method.entry.load(method.spec.config), MethodConfig, "config")


def presets(method: MethodSubject) -> None:
    """Every preset is a TOML file whose values are valid, also for the suites that it names."""
    files = preset_files(method.spec)
    needed = "quick" if method.spec.kind == "learned" else DEFAULT
    if needed not in files:
        fail(
            f"The package {method.spec.presets} has no presets/{needed}.toml.",
            "Add the file, which may be empty; suites run it when no preset is named.",
        )
    for name, path in files.items():
        suites = read_toml(path).get("suite", {})
        for suite in ("", *suites):
            try:
                resolve_config(method.entry, name, suite=suite, settings={}, base_preset=name)
            except HarnessError as error:
                fail(f"{error}", "Mend the preset, or the field's type and limits.")


def capabilities(method: MethodSubject) -> None:
    """The class derives from `Method` and offers just the capabilities that its spec lists."""
    from harness.contract.specs import CAPABILITIES

    target = method.entry.load(method.spec.target)
    if not (isinstance(target, type) and issubclass(target, Method)):
        fail(f"{target!r} is no Method.", "Derive the class from harness.contract.Method.")
    if "edit" in method.spec.capabilities and not issubclass(target, Editor):
        fail(f"{target.__name__} edits and is no Editor.", "Derive it from Editor.")
    made = method.constructed()
    for name in CAPABILITIES:
        members = MEMBERS.get(name, (name,))
        lacks = [member for member in members if not hasattr(made, member)]
        if name in method.spec.capabilities and lacks:
            fail(
                f"The spec lists {name!r}, and {target.__name__} has no {lacks[0]!r}.",
                "Implement it, or take the capability out of the spec.",
            )
        if name not in method.spec.capabilities and len(lacks) < len(members):
            fail(
                f"{target.__name__} has {name!r}, and the spec does not list it.",
                "Add it to capabilities, or give the method a name with an underscore.",
            )


def constructs(method: MethodSubject) -> None:
    """An object is made from the configuration, the number of parts and the image size alone."""
    made = method.constructed()
    kept = (made.config, made.parts, made.image_size)
    if kept != (method.config, PARTS, method.size):
        fail(
            f"It keeps parts {made.parts!r} and image_size {made.image_size!r}, and was given "
            f"{PARTS} and {method.size}.",
            "Call super().__init__(config, parts, image_size) and leave them as they are.",
        )


CHECKS = (spec, settings, presets, capabilities, constructs)
