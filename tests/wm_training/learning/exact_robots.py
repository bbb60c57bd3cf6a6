"""Randomisation that randomises nothing."""

from dataclasses import replace

from training_parameters import TRAINING

EXACT = replace(
    TRAINING.randomisation,
    friction=(0.8, 0.8),
    trunk_mass=(0.0, 0.0),
    trunk_com=0.0,
    stiffness=(1.0, 1.0),
    damping=(1.0, 1.0),
    delay=(0.01, 0.01),
    encoder_offset=0.0,
    joint_noise=0.0,
    velocity_noise=0.0,
    gyro_noise=0.0,
    gyro_bias=0.0,
    gravity_noise=0.0,
    gravity_bias=0.0,
    kick=0.0,
    kick_turn=0.0,
)
