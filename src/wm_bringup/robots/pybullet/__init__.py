"""PyBullet as a physics engine, and pictures by its renderer."""
