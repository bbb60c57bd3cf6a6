"""What the G1's folder says of its training, and the student that comes of it."""

from __future__ import annotations

from wm_control.robot.description import load_robot
from wm_control.robot.sources import load_part
from wm_training.learning.parameters import TrainingParameters
from wm_training.learning.student import build_student

TRAINING = load_part(TrainingParameters, "g1", "training")
STUDENT = build_student(load_robot("g1"), TRAINING)
OUTPUTS, JOINTS, LEGS = STUDENT.outputs, STUDENT.legs.count, STUDENT.legs.mirror
