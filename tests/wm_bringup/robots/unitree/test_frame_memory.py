"""Frames in the memory that the DDS library reads and writes."""

import numpy as np

from wm_bringup.robots.unitree.cyclone.memory import FrameMemory
from wm_bringup.robots.unitree.frames import STATE, empty, is_sound, seal


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
