from __future__ import annotations

from html import unescape

from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape

from harness.web.escape import escaped

HARD = st.text(st.sampled_from("<>&\"'\x1f\x1e a\n"))


@given(st.lists(HARD))
def test_escapes_every_text_as_a_template_does(texts: list[str]) -> None:
    clean = [text.replace("\x1f", "") for text in texts]
    assert escaped(texts) == [str(escape(text)) for text in clean]
    assert [unescape(text) for text in escaped(texts)] == clean


def test_a_text_with_the_separator_moves_no_other_text() -> None:
    assert escaped(["a\x1fb", "<c>"]) == ["ab", "&lt;c&gt;"]
