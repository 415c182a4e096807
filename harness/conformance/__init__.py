"""The conformance kit: whether plugins keep the contract, check by check.

`harness conform NAME` runs it; a package's own tests call `conform.thing(kind, name)`.
"""

from harness.conformance.kit import Check, Result

__all__ = ["Check", "Result"]
