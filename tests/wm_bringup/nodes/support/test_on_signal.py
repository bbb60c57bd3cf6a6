"""A signal is acted upon whatever the main thread holds at that moment."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from wm_bringup.nodes.support.on_signal import on_signal


@pytest.fixture
def usr2():
    before = signal.getsignal(signal.SIGUSR2)
    yield signal.SIGUSR2
    signal.signal(signal.SIGUSR2, before)


def test_what_needs_a_lock_that_the_main_thread_holds_is_done_as_soon_as_it_lets_go(usr2):
    lock, done = threading.Lock(), threading.Event()

    def act() -> None:
        with lock:
            done.set()

    on_signal(usr2, act)
    with lock:
        os.kill(os.getpid(), usr2)
        assert not done.wait(0.05)
    assert done.wait(10.0)


def test_it_is_acted_upon_every_time(usr2):
    times = threading.Semaphore(0)
    on_signal(usr2, times.release)
    for _ in range(3):
        os.kill(os.getpid(), usr2)
        assert times.acquire(timeout=10.0)
