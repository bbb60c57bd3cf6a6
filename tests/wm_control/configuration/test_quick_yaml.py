"""Whichever way YAML is read, the same comes of it."""

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from wm_control.configuration.plain_yaml import PlainLoader
from wm_control.configuration.quick_yaml import load_quickly
from wm_control.configuration.share import config_file, share_directory

FILE = config_file("robots/g1/robot.yaml").read_text(encoding="utf-8")
LETTERS = ":-[]{},&*!|>'\"%@`#?\n\t\\<~=.0e1a \u2028\ufeff\x00\x7fé😀"


def outcome(load, text):
    """What comes of a text: the content, or why there is none."""
    try:
        return repr(load(text, PlainLoader))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        return f"{type(error).__name__}: {error}"


@settings(deadline=None, max_examples=200)
@given(
    st.integers(0, len(FILE)),
    st.integers(20, 300),
    st.lists(st.tuples(st.integers(0, 300), st.integers(0, 1), st.sampled_from(LETTERS))),
)
def test_a_piece_of_a_file_with_letters_changed_is_read_or_refused_alike(begin, length, changes):
    text = FILE[begin : begin + length]
    for at, taken, letter in changes:
        text = text[:at] + letter + text[at + taken :]
    assert outcome(load_quickly, text) == outcome(yaml.load, text)


@pytest.mark.parametrize(
    "text", ["a:\tb", "{x?: 1}", "!", "|#", "a\n\ufeff", "a: {b:\n\t1}", "x: !!python/name:os"]
)
def test_what_libyaml_reads_otherwise_is_read_as_before(text):
    assert outcome(load_quickly, text) == outcome(yaml.load, text)


def test_every_file_that_is_shipped_is_read_alike():
    files = sorted((share_directory() / "config").glob("**/*.yaml"))
    assert len(files) > 50
    for text in (file.read_text(encoding="utf-8") for file in files):
        assert outcome(load_quickly, text) == outcome(yaml.load, text)


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_what_nests_without_end_is_an_error_and_not_the_end_of_the_process(opening):
    with pytest.raises((RecursionError, yaml.YAMLError)):
        load_quickly(1_000_000 * opening, PlainLoader)
