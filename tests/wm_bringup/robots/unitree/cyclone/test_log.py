"""What the library writes is read from a pipe, and counted by topic."""

import ctypes

import pytest

from wm_bringup.robots.unitree.cyclone.log import Log

REFUSED = (
    b"1795712371.7 [%d] recvUC: data(application, vendor 1.16): 110:1:2:3 #7: "
    b"deserialization %s/T failed (for reasons unknown)\n"
)


@pytest.fixture
def log():
    return Log()


def write(text):
    """Write as a library does: to the C library's stderr as it is now."""
    libc = ctypes.CDLL(None)
    file = ctypes.c_void_p.in_dll(libc, "stderr")
    libc.fputs(text, file)
    libc.fflush(file)


def test_messages_that_could_not_be_read_are_counted_by_domain_and_topic(log):
    with log.taken():
        for domain, topic in ((1, b"rt/a"), (1, b"rt/a"), (2, b"rt/a"), (1, b"rt/b")):
            write(REFUSED % (domain, topic))
    assert log.refused(1, "rt/a", "T") == 2
    assert log.refused(2, "rt/a", "T") == 1
    assert log.refused(1, "rt/b", "T") == 1
    assert log.refused(1, "rt/b", "U") == 0


def test_the_last_other_line_is_kept_for_an_error_to_quote(log):
    with log.taken():
        write(b"1.2 [0] python: eth0: does not match an available interface\n")
        write(REFUSED % (0, b"rt/a"))
    log.read()
    assert log.last == "python: eth0: does not match an available interface"


def test_afterwards_the_terminal_is_the_terminal_again(log, capfd):
    with log.taken():
        write(b"in the pipe\n")
    write(b"on the terminal\n")
    assert capfd.readouterr().err == "on the terminal\n"


def test_who_writes_never_waits_for_who_reads(log):
    with log.taken():
        for _ in range(20_000):  # some 2.5 MB
            write(REFUSED % (5, b"rt/a"))
    assert 100 < log.refused(5, "rt/a", "T") < 20_000
    with log.taken():
        write(b"\n")
        write(REFUSED % (5, b"rt/c"))
    assert log.refused(5, "rt/c", "T") == 1
