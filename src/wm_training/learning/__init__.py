"""Learning in MuJoCo: environment, rewards, networks, PPO, export."""
