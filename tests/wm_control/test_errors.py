"""An error is the same on the other side of a process border, whatever its constructor takes."""

from __future__ import annotations

import pickle
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from wm_control.errors import ParameterError, UnreadableFileError, WmError
from wm_policy.errors import MissingValueError


class OfFourError(WmError):
    """Takes more than its text, and what it takes must be named."""

    def __init__(self, *, joint: str, value: float, limit: float) -> None:
        super().__init__(f"{joint}: {value:g} is beyond {limit:g}")
        self.joint, self.value, self.limit = joint, value, limit


ERRORS = [
    WmError("no left foot"),
    ParameterError("delay", 3.0, "at most 0.2", "rough.yaml"),
    UnreadableFileError("rough.yaml", "is not\n  UTF-8 text"),
    MissingValueError("policy.onnx", "rate", "a number", "nothing"),
    OfFourError(joint="left_knee", value=9.0, limit=2.0),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_error_is_sent_with_text_and_evidence(error: WmError) -> None:
    received = pickle.loads(pickle.dumps(error))
    assert type(received) is type(error)
    assert str(received) == str(error)
    assert vars(received) == vars(error)


def refuse(key: str) -> None:
    raise ParameterError(key, 3.0, "at most 0.2")


def test_what_a_worker_refuses_is_told_in_its_own_words_and_does_not_break_the_pool() -> None:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        with pytest.raises(ParameterError, match=r"parameter 'delay': 3.0 - at most 0.2") as error:
            pool.submit(refuse, "delay").result()
        assert (error.value.key, error.value.value) == ("delay", 3.0)
        with pytest.raises(ParameterError, match="'friction'"):
            pool.submit(refuse, "friction").result()
