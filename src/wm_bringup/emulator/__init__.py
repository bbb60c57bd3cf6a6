"""An emulated Unitree humanoid: on the network it behaves as the robot, its body is simulated."""
