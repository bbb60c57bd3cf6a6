"""The exam of a policy: walks of PyBullet, which training never saw, against the bar."""
