"""Making a learned policy: a MuJoCo training ground, imitation, reinforcement learning, export."""
