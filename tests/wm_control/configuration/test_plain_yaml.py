"""What we write as YAML we read back as it was."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wm_control.configuration.plain_yaml import parse_plain, write_plain

SCALARS = (
    st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=12)
    | st.integers()
    | st.floats(allow_nan=False)
    | st.booleans()
    | st.none()
)


@pytest.mark.parametrize(
    "text",
    ["1e5", "010", "1:30", "yes", "off", "null", "~", "true", ".5", "", "2026-11-25", "a: b"],
)
def test_text_is_read_back_as_text(text):
    assert parse_plain(write_plain({"name": text})) == {"name": text}


@given(st.dictionaries(st.text(st.characters(categories=("Ll",)), min_size=1), st.lists(SCALARS)))
def test_whatever_is_written_is_read_back(content):
    assert parse_plain(write_plain(content)) == content
