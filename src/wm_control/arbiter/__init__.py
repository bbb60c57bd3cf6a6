"""Arbitration: which command reaches the robot, why, and within which limits.

``Arbiter`` decides (rules, latches, arming), ``CommandFilter`` bounds whatever was decided, and
``CommandWatchdog`` guards the robot when nothing is decided any more. The rule tables are
``robot_rules`` and ``controller_rules``; docs/safety.md is printed from them.
"""
