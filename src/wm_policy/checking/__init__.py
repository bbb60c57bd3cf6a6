"""Whether a policy may start: consistency, plausibility, golden answers."""
