"""Without the extra ``view``, `make test-view` runs what needs it: the page, in a browser."""

from importlib.util import find_spec

if find_spec("viser") is None:
    collect_ignore_glob = ["with_viser/*"]
