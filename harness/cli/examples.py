"""The end of every command's help: commands to copy."""

from __future__ import annotations


def examples(*commands: str) -> str:
    r"""An epilog with one command a line, which the help does not wrap.

    >>> examples("harness list")
    '\x08\nExamples:\n  harness list'
    """
    return "\b\nExamples:\n" + "\n".join(f"  {command}" for command in commands)
