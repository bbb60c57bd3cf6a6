"""Judging runs: figures of an episode, many episodes, push grids."""
