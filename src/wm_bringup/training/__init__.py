"""Training as seen from the whole system: demonstrations in the loop, and the bar for a policy."""
