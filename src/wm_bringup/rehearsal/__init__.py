"""The robot's whole way rehearsed: the graph for a real robot, against the emulated one."""
