"""Recoverability: learn from branched simulations whether a driver will still save the robot."""
