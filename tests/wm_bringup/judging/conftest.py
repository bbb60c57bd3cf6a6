"""What needs Ray is tested where the extra is installed."""

from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("ray") else ["with_ray/*"]
