"""A humanoid of boxes and cylinders, as URDF text that tests bend to their needs: 40 kg, 1.3 m."""

from __future__ import annotations

from pathlib import Path

ARM = ("shoulder_pitch", "shoulder_roll", "elbow")
LEG = ("hip_yaw", "hip_roll", "hip_pitch", "knee", "ankle_pitch", "ankle_roll")
THIGH = SHIN = 0.35
ANKLE_HEIGHT = 0.07
SIDES = {"left": 1.0, "right": -1.0}


def inertial(mass: float, size: tuple[float, float, float], at: str = "0 0 0") -> str:
    x, y, z = (edge * edge for edge in size)
    xx, yy, zz = (mass / 12.0 * term for term in (y + z, x + z, x + y))
    return (
        f'<inertial><origin xyz="{at}"/><mass value="{mass}"/><inertia ixx="{xx}" ixy="0" ixz="0" '
        f'iyy="{yy}" iyz="0" izz="{zz}"/></inertial>'
    )


def box_link(name: str, mass: float, size: tuple[float, float, float], at: str = "0 0 0") -> str:
    edges = " ".join(map(str, size))
    shape = f'<origin xyz="{at}"/><geometry><box size="{edges}"/></geometry>'
    return f'<link name="{name}">{inertial(mass, size, at)}<collision>{shape}</collision></link>\n'


def bare_link(name: str, mass: float = 0.5) -> str:
    return f'<link name="{name}">{inertial(mass, (0.06, 0.06, 0.06))}</link>\n'


def joint(
    name: str,
    parent: str,
    child: str,
    at: tuple[float, float, float] = (0.0, 0.0, 0.0),
    axis: str = "0 1 0",
    limits: str = 'lower="-2.5" upper="2.5" effort="150" velocity="15"',
    kind: str = "revolute",
    more: str = "",
) -> str:
    limit = "" if kind == "fixed" else f'<axis xyz="{axis}"/><limit {limits}/>'
    where = " ".join(map(str, at))
    return (
        f'<joint name="{name}" type="{kind}"><parent link="{parent}"/><child link="{child}"/>'
        f'<origin xyz="{where}"/>{limit}{more}</joint>\n'
    )


def leg(side: str, hip: str = "pelvis") -> str:
    y = 0.1 * SIDES[side]
    links = [bare_link(f"{side}_{name}_link") for name in ("hip_yaw", "hip_roll", "ankle_pitch")]
    middle = f"0 0 {-0.5 * THIGH}"
    links.append(box_link(f"{side}_hip_pitch_link", 4.0, (0.1, 0.1, THIGH), middle))
    links.append(box_link(f"{side}_knee_link", 3.0, (0.08, 0.08, SHIN), middle))
    sole = f"0.04 0 {-ANKLE_HEIGHT + 0.01}"
    links.append(box_link(f"{side}_ankle_roll_link", 1.0, (0.2, 0.08, 0.02), sole))
    places = {
        "hip_yaw": ((0.0, y, -0.05), "0 0 1"),
        "hip_roll": ((0.0, 0.0, 0.0), "1 0 0"),
        "hip_pitch": ((0.0, 0.0, 0.0), "0 1 0"),
        "knee": ((0.0, 0.0, -THIGH), "0 1 0"),
        "ankle_pitch": ((0.0, 0.0, -SHIN), "0 1 0"),
        "ankle_roll": ((0.0, 0.0, 0.0), "1 0 0"),
    }
    joints, parent = [], hip
    for name, (at, axis) in places.items():
        child = f"{side}_{name}_link"
        joints.append(joint(f"{side}_{name}", parent, child, at, axis))
        parent = child
    return "".join(links + joints)


def arm(side: str, trunk: str = "torso", sideways: bool = False) -> str:
    """An arm that hangs at zero, or sticks out to its side."""
    s = SIDES[side]
    reach = (0.0, 0.25 * s, 0.0) if sideways else (0.0, 0.0, -0.25)
    middle = " ".join(str(0.5 * x) for x in reach)
    size = (0.06, 0.25, 0.06) if sideways else (0.06, 0.06, 0.25)
    return "".join(
        (
            bare_link(f"{side}_shoulder_pitch_link"),
            box_link(f"{side}_shoulder_roll_link", 1.0, size, middle),
            box_link(f"{side}_elbow_link", 1.0, size, middle),
            joint(
                f"{side}_shoulder_pitch", trunk, f"{side}_shoulder_pitch_link", (0, 0.25 * s, 0.3)
            ),
            joint(
                f"{side}_shoulder_roll",
                f"{side}_shoulder_pitch_link",
                f"{side}_shoulder_roll_link",
                axis="1 0 0",
            ),
            joint(f"{side}_elbow", f"{side}_shoulder_roll_link", f"{side}_elbow_link", reach),
        )
    )


def humanoid(*, more: str = "", legs: str | None = None, arms: str | None = None) -> str:
    """Pelvis, two legs, a waist that turns, torso, two arms, a head and an IMU in the pelvis."""
    return "".join(
        (
            '<robot name="Boxer">\n',
            box_link("pelvis", 5.0, (0.15, 0.2, 0.1)),
            box_link("torso", 12.0, (0.15, 0.25, 0.4), "0 0 0.2"),
            joint("waist_yaw", "pelvis", "torso", (0.0, 0.0, 0.08), "0 0 1"),
            box_link("head", 1.5, (0.15, 0.12, 0.2), "0 0 0.1"),
            joint("head_yaw", "torso", "head", (0.0, 0.0, 0.45), "0 0 1"),
            '<link name="imu_link"/>\n',
            joint("imu_joint", "pelvis", "imu_link", (0.03, 0.0, 0.0), kind="fixed"),
            legs if legs is not None else leg("left") + leg("right"),
            arms if arms is not None else arm("left") + arm("right"),
            more,
            "</robot>\n",
        )
    )


def write_humanoid(folder: Path, text: str | None = None) -> Path:
    path = folder / "boxer.urdf"
    path.write_text(text or humanoid())
    return path
