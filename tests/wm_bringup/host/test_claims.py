"""What only one process may have."""

import pytest

from wm_bringup.host.claims import ClaimedError, claim


def test_a_claim_is_of_one_alone_until_it_is_given_up():
    what = "a folder with a name that is longer than an address of a socket " * 4
    with claim(what), pytest.raises(ClaimedError, match="in use by another process"):
        claim(what)
    claim(what).close()
