"""All checks of methods, in their order."""

from __future__ import annotations

from harness.conformance.kit import Check, checks_of
from harness.conformance.methods import behaviour, forms, learning, setting_up, state
from harness.conformance.methods.subject import MethodSubject

CHECKS: tuple[Check[MethodSubject], ...] = checks_of(
    (
        *setting_up.CHECKS,
        *learning.CHECKS,
        *state.CHECKS,
        *forms.CHECKS,
        *behaviour.CHECKS,
    )
)
