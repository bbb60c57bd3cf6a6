"""One module per format. Each turns foreign metadata into a manifest's plain content.

``translate(network, file, robot_joints, overlay)`` says only what the file says; what it leaves
open comes from the overlay or stays open, and an open field stops the policy from starting.
"""
