"""Robots behind one interface: simulated, mocked, recorded or real."""
