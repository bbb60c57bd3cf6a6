"""Training of walking policies: demonstrations, reinforcement, export, exam."""
