"""Configuration: parameters as bounded dataclasses, the YAML that overrides them, where it lies."""
