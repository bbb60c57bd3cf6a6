"""Every number of the training, with its unit and meaning; a robot's training.yaml overrides.

What has no default depends on the robot.
"""

from __future__ import annotations

from pydantic import Field
from pydantic.dataclasses import dataclass

from wm_control.configuration.parameters import STRICT
from wm_control.constants import CONTROL_PERIOD
from wm_control.errors import ParameterError

Range = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class PhysicsParameters:
    """How MuJoCo computes."""

    step: float = Field(default=0.005, gt=0.0, le=0.02, description="[s]")
    newton_iterations: int = Field(
        default=4, ge=3, le=100, description="fewer than 3 look fine and make policies fall"
    )
    line_search_iterations: int = Field(default=4, ge=1, le=100, description="per iteration")
    contact_time: float = Field(default=0.012, gt=0.0, description="softness of contacts [s]")


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class GaitParameters:
    """The clock and the reference that the policy's actions are added to."""

    stride: float = Field(gt=0.3, lt=2.0, description="both steps together [s]")
    double_support: float = Field(
        ge=0.0, lt=0.2, description="per step, both feet on the ground [s]"
    )
    cadence: float = Field(
        default=0.9, ge=0.0, lt=1.0, description="by how much the policy may change it, share"
    )
    wake_above: float = Field(
        default=0.7, gt=0.0, description="rolling or pitching that ends standing [rad/s]"
    )
    wake_strides: float = Field(default=2.0, gt=0.0, description="until it stands again")
    settling_above: float = Field(
        default=1.4, gt=0.0, description="instead of wake_above, when it has just stepped [rad/s]"
    )
    settling_time: float = Field(default=0.4, gt=0.0, description="that counts as just [s]")
    wake_kick: float = Field(
        default=0.5, ge=0.0, description="least kick that ends standing in training [m/s]"
    )
    wake_delay: float = Field(
        default=0.1, ge=0.0, description="from such a kick to the first step at the latest [s]"
    )
    wake_window: float = Field(
        default=2.0,
        ge=0.0,
        description="after such a kick, or a walk, rolling counts in training [s]",
    )
    lift: float = Field(
        default=0.25, ge=0.0, lt=1.0, description="hip and half of the knee, swing leg [rad]"
    )
    apex: float = Field(gt=0.0, lt=0.3, description="of the swing foot's sole [m]")
    height: float = Field(gt=0.2, lt=2.0, description="of the base, wanted [m]")
    least_height: float = Field(gt=0.0, description="of the base; lower is a fall [m]")
    hip_pitch: float = Field(description="of the default posture [rad]")
    knee: float = Field(description="of the default posture [rad]")
    ankle_pitch: float = Field(description="of the default posture [rad]")
    foot_distance: float = Field(gt=0.0, description="sideways, wanted [m]")


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class ObservationParameters:
    """What the student sees."""

    history: int = Field(default=4, ge=0, le=20, description="frames before the one of now")
    gyro_scale: float = Field(default=0.25, description="per rad/s")
    joint_velocity_scale: float = Field(default=0.05, description="per rad/s")
    action_scale: float = Field(default=0.25, description="of the last action")
    effort: float = Field(
        default=0.25, gt=0.0, description="torque of an action of 1, per torque limit"
    )
    critic_height: float = Field(gt=0.0, description="of the base, that the critic sees as 0 [m]")
    critic_load: float = Field(gt=0.0, description="of a foot's load, for the critic [1/N]")


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class CommandParameters:
    """Velocity commands that are drawn, at full difficulty."""

    forward: Range = Field(description="[m/s]")
    sideways: Range = Field(description="[m/s]")
    turning: Range = Field(description="[rad/s]")
    standing: float = Field(default=0.2, ge=0.0, le=1.0, description="share of zero commands")
    single: float = Field(default=0.35, ge=0.0, le=1.0, description="share with one axis only")
    hold: Range = Field(default=(3.0, 8.0), description="before the next command [s]")


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class RandomisationParameters:
    """What differs between simulated robots and between moments."""

    friction: Range = Field(default=(0.35, 1.1), description="of feet on the ground")
    trunk_mass: Range = Field(description="added to the trunk [kg]")
    trunk_com: float = Field(ge=0.0, description="bound per axis [m]")
    stiffness: Range = Field(default=(0.9, 1.1), description="factor")
    damping: Range = Field(default=(0.8, 1.2), description="factor")
    delay: Range = Field(default=(0.004, 0.020), description="observation to torque [s]")
    encoder_offset: float = Field(default=0.01, ge=0.0, description="bound per joint [rad]")
    joint_noise: float = Field(default=0.003, ge=0.0, description="deviation [rad]")
    velocity_noise: float = Field(default=0.15, ge=0.0, description="deviation [rad/s]")
    gyro_noise: float = Field(default=0.05, ge=0.0, description="deviation [rad/s]")
    gyro_bias: float = Field(default=0.02, ge=0.0, description="bound per axis [rad/s]")
    gravity_noise: float = Field(default=0.01, ge=0.0, description="deviation per axis")
    gravity_bias: float = Field(default=0.015, ge=0.0, description="bound per axis")
    kick: float = Field(default=1.5, ge=0.0, description="largest velocity change [m/s]")
    kick_turn: float = Field(default=0.3, ge=0.0, description="largest rate change [rad/s]")
    kick_every: Range = Field(default=(1.5, 4.0), description="[s]")
    kick_standing: float = Field(
        default=0.5, ge=0.0, le=1.0, description="share of its kicks that a standing robot gets"
    )


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class RewardParameters:
    """Weights per second of simulated time; rewards.py says what each one is about."""

    velocity: float = 1.0
    mean_velocity: float = 2.0
    turning: float = 0.5
    mean_turning: float = 1.0
    schedule: float = 1.5
    apex: float = -150.0
    height: float = -100.0
    upright: float = -3.0
    vertical_velocity: float = -0.5
    angular_velocity: float = -0.1
    action_rate: float = Field(default=-0.03, description="while exploration is largest")
    action_jerk: float = Field(default=-0.005, description="the same")
    cadence: float = -0.05
    torque: float = -0.1
    power: float = -0.0015
    joint_acceleration: float = -1.0e-6
    joint_limits: float = -5.0
    slip: float = -0.3
    impact: float = -2.0
    posture: float = -0.4
    foot_distance: float = -8.0
    foot_heading: float = -0.5
    foot_flat: float = -0.5
    stillness: float = -1.0
    restless: float = -1.0
    fall: float = Field(default=-60.0, description="once, times the step; at difficulty 0")
    fall_hard: float = Field(default=-150.0, description="the same at difficulty 1")
    alive: float = 0.3


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class CurriculumParameters:
    """Difficulty rises from 0 to 1 while episodes go well."""

    start: float = Field(default=0.1, ge=0.0, le=1.0, description="difficulty at the beginning")
    rise: float = Field(default=0.002, gt=0.0, description="per iteration that goes well")
    fall: float = Field(default=0.004, ge=0.0, description="per iteration that does not")
    good: float = Field(default=4.0, description="falls per robot and minute, to rise")
    bad: float = Field(default=9.0, description="falls per robot and minute, to sink")


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class PpoParameters:
    """Proximal policy optimisation (Schulman et al. 2017), rate adapted to the KL divergence."""

    envs: int = Field(default=256, ge=2, description="simulated robots")
    steps: int = Field(default=32, ge=4, description="per robot and iteration")
    epochs: int = Field(default=4, ge=1)
    minibatches: int = Field(default=4, ge=1)
    gamma: float = Field(default=0.99, gt=0.0, lt=1.0)
    lam: float = Field(default=0.95, gt=0.0, le=1.0)
    clip: float = Field(default=0.2, gt=0.0)
    entropy: float = Field(default=0.0, ge=0.0)
    value_weight: float = Field(default=1.0, gt=0.0)
    kl: float = Field(default=0.016, gt=0.0, description="wanted between iterations")
    rate: float = Field(default=1.0e-3, gt=0.0, description="of the actor at the start")
    rate_range: Range = (2.0e-5, 2.0e-3)
    critic_rate: float = Field(default=5.0e-4, gt=0.0, description="of the critic")
    max_gradient: float = 1.0
    deviation: float = Field(default=0.5, gt=0.0, description="of the actions at the start")
    least_deviation: float = Field(default=0.1, gt=0.0)
    last_deviation: float = Field(
        default=0.15, gt=0.0, description="largest at the end; the bound falls from the first one"
    )
    hidden: tuple[int, ...] = (256, 128, 64)
    iterations: int = Field(default=3200, ge=1, description="of envs x steps samples")
    checkpoint_every: int = Field(default=25, ge=1, description="iterations")
    anneal_from: float = Field(
        default=0.7, ge=0.0, le=1.0, description="share of the run after which the KL falls to 1/5"
    )


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class ImitationParameters:
    """Pre-training by DAgger, and how far post-training may leave the clone."""

    seconds: float = Field(default=900.0, gt=0.0, description="of demonstrations in all [s]")
    com_height: float = Field(gt=0.3, lt=1.5, description="of the teacher, above its soles [m]")
    rounds: int = Field(default=4, ge=1, description="the student drives more in each one")
    student_share: float = Field(default=0.7, ge=0.0, le=1.0, description="in the last round")
    lesson: float = Field(default=30.0, gt=2.0, description="length of an episode [s]")
    epochs: int = Field(default=40, ge=1)
    batch: int = Field(default=512, ge=1)
    rate: float = Field(default=1.0e-3, gt=0.0, description="learning rate at the start")
    weight_decay: float = Field(default=1.0e-5, ge=0.0)
    noise: float = Field(default=0.03, ge=0.0, description="added to the observation")
    anchor: float = Field(default=0.5, ge=0.0, description="weight of the clone in post-training")
    anchor_half_life: float = Field(
        default=25.0, gt=0.0, description="iterations in which that weight halves"
    )
    critic_only: int = Field(
        default=15, ge=0, description="iterations in which the actor stays as it is"
    )


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class TrainingParameters:
    """A robot's ``training.yaml``."""

    name: str = Field(description="of the policy and its files")
    rate: float = Field(default=50.0, ge=10.0, description="of the policy [Hz]")
    episode: float = Field(default=15.0, gt=1.0, description="[s]")
    physics: PhysicsParameters = Field(default_factory=PhysicsParameters)
    gait: GaitParameters
    observation: ObservationParameters
    command: CommandParameters
    randomisation: RandomisationParameters
    rewards: RewardParameters = Field(default_factory=RewardParameters)
    curriculum: CurriculumParameters = Field(default_factory=CurriculumParameters)
    ppo: PpoParameters = Field(default_factory=PpoParameters)
    imitation: ImitationParameters

    def __post_init__(self) -> None:
        """ParameterError for a period that physics or the loop cannot keep, or a longer delay."""
        for tick, what in (
            (self.physics.step, "physics.step"),
            (CONTROL_PERIOD, "the loop's tick"),
        ):
            ticks = 1.0 / (self.rate * tick)
            if not (ticks > 0.5 and abs(ticks - round(ticks)) < 1e-6):
                bound = f"period must be a whole number of times {what}, {tick:g} s"
                raise ParameterError("rate", self.rate, bound)
        longest = self.randomisation.delay[1]
        if not longest <= (1.0 + 1e-6) / self.rate:
            bound = f"must be at most one period of the rate, {1.0 / self.rate:g} s"
            raise ParameterError("randomisation.delay", longest, bound)
