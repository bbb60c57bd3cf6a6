"""Scenarios: what happens in an episode, validated and loadable from YAML."""
