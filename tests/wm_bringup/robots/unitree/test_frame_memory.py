"""Frames in the memory that the DDS library reads and writes."""

import ctypes

import numpy as np

from wm_bringup.robots.unitree.cyclone.memory import CallMemory, FrameMemory
from wm_bringup.robots.unitree.frames import STATE, empty, is_sound, seal
from wm_bringup.robots.unitree.link import ApiRequest


def test_what_is_taken_out_is_to_the_byte_what_was_put_in():
    memory = FrameMemory("State", STATE, 2)
    frame = empty(STATE)
    frame.view("u1")[:] = np.arange(STATE.itemsize) % 251
    seal(frame)
    memory.put(frame)
    for _ in range(20):
        spoil = np.full(STATE.itemsize, 255, np.uint8)  # what a new array may be made of
        del spoil
        (taken,) = memory.get([0])
        assert taken.tobytes() == frame.tobytes()
        assert is_sound(taken)


def test_a_string_that_was_given_back_is_not_the_librarys_to_use_again():
    memory = CallMemory("Request", ApiRequest, 2)
    given_back = []

    class Library:
        def sample_free(self, address, descriptor, operation):
            given_back.append(address)

    memory.put(ApiRequest(7, 1001, "{}"))
    assert memory.get([0]) == [ApiRequest(7, 1001, "{}")]
    memory.free(Library(), 1)
    assert given_back == [memory.address]
    assert ctypes.string_at(memory.address, memory.size) == bytes(memory.size)
