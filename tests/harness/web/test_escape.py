from __future__ import annotations

from html import unescape

from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape

from harness.web.escape import safe

HARD = st.text(st.sampled_from("<>&\"'\x1f a\n"))


@given(HARD)
def test_escapes_what_a_template_escapes(text: str) -> None:
    assert not set("<>\"'") & set(safe(text))
    assert unescape(safe(text)) == text
    assert (safe(text) == text) == (str(escape(text)) == text)
