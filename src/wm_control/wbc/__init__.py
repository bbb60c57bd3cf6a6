"""Whole-body control: a plan and an estimate become joint commands, through one QP at 500 Hz."""
