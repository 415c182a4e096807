"""What a fit may look at and change, what it depends on, and that it can be resumed."""

from __future__ import annotations

from harness.conformance.kit import fail, skip, unforeseen
from harness.conformance.methods.subject import MethodSubject
from harness.conformance.watched import equal_states
from harness.errors import AssetMissing, HarnessError


def learns(method: MethodSubject) -> None:
    """A fit of a few steps on tiny images ends without an error."""
    try:
        method.fit("first")
    except AssetMissing:
        raise
    except Exception:
        if "first" in method.problems:
            fail(
                f"Preset {method.preset!r}: {method.problems['first']}",
                "Every preset must learn on a few images; 'smoke', if there is one, is tried here.",
            )
        raise


def sees(method: MethodSubject) -> None:
    """The fit looks at nothing but what the spec declares: no labels, no clips, no internals."""
    strays = method.fit("first").strays
    if strays:
        fail(
            f"It looked at {strays[0]}.",
            "Declare it in the spec's 'sees', so that the leaderboard says it, or do without.",
        )


def same_seed(method: MethodSubject) -> None:
    """The same seed gives the same state, bit for bit, whatever the global random state is."""
    first, again = method.fit("first"), method.fit("again")
    name = equal_states(first.state, again.state)
    if name:
        fail(
            f"Two fits with seed 0 differ in {name!r}.",
            "Draw all that is random from run.generator(name), start weights included.",
        )


def other_seed(method: MethodSubject) -> None:
    """Another seed gives another state, for methods that learn in steps."""
    first = method.fit("first")
    if method.spec.kind != "learned" or not first.loops:
        skip("It has no training loop.")
    if not equal_states(first.state, method.fit("other").state):
        fail(
            "Fits with the seeds 0 and 1 are equal.",
            "Draw from run.generator(name), which follows the seed.",
        )


def global_chance(method: MethodSubject) -> None:
    """The fit seeds no global random generator."""
    first, again = (method.fit(name).chance for name in ("first", "again"))
    for name in first[0]:
        set_alike = first[1][name] == again[1][name]
        if set_alike and first[0][name] != again[0][name]:
            fail(
                f"After the fit the global generator of {name} is the same wherever it began.",
                "Seed nothing global; run.generator(name) is the source of chance.",
            )


def process_settings(method: MethodSubject) -> None:
    """The fit leaves threads, default type, working folder and environment as they were."""
    changed = method.fit("first").changed
    if changed:
        fail(f"It changed {' and '.join(changed)}.", "Leave it, or set it back before fit returns.")


def own_folder(method: MethodSubject) -> None:
    """The fit writes nothing outside of the run's folder and the harness's cache."""
    written = method.fit("first").written
    if written:
        fail(
            f"It wrote {written[0]!r}.",
            "Log with run.log and run.show; what runs share belongs into "
            "harness.contract.assets.kept_arrays.",
        )


def resumes(method: MethodSubject) -> None:
    """A fit that is killed in the middle of every loop goes on to the very same state."""
    first = method.fit("first")
    if not any(steps > 1 for steps in first.loops.values()):
        skip("It has no training loop of two steps.")
    try:
        resumed, kills = method.resumed()
    except HarnessError as error:
        fail(f"It cannot go on: {error}", "Give run.steps all that changes from step to step.")
    if kills == 0:
        skip("No loop could be interrupted.")
    name = equal_states(first.state, resumed.state)
    if name:
        fail(
            f"A fit that was killed {kills} times and went on differs in {name!r}.",
            "Give run.steps all that changes from step to step, and draw only from run.generator.",
        )


def one_image(method: MethodSubject) -> None:
    """A fit on one image works, or ends with an error of the harness that says what is missing."""
    method.fit("first")
    try:
        method.learn("one image", 0, count=1, steps=1)
    except HarnessError:
        return
    except Exception as error:  # noqa: BLE001 - foreign code
        fail(
            f"With one image: {unforeseen(error)}",
            "Raise harness.errors.DataError with a sentence where a method needs more images.",
        )


CHECKS = (
    learns,
    sees,
    same_seed,
    other_seed,
    global_chance,
    process_settings,
    own_folder,
    resumes,
    one_image,
)
