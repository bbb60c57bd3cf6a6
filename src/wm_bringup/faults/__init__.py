"""Faults on purpose: what they mean, and what becomes of what travels on a faulty path."""
