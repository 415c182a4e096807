"""What the harness itself brings, for tests that go through all of it."""

from harness.registry import registry
from harness.suite import Suite, load_suite


def suites() -> list[Suite]:
    """The suites of the harness itself."""
    bundled = [entry for entry in registry().suites if entry.distribution == "harness"]
    assert len(bundled) > 20
    return [load_suite(entry.spec, {}) for entry in bundled]
