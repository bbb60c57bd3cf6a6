"""Robots behind one interface: simulated on a physics engine, or mocked."""
