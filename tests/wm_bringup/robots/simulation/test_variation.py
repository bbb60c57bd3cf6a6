"""Bodies that differ from their description do so within bounds, and stay possible."""

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pinocchio as pin
import pytest

from wm_bringup.robots.simulation.variation import vary, with_point_mass
from wm_bringup.scenarios.scenario import Body
from wm_control.robot.description import load_robot
from wm_control.robot.urdf import parse_urdf

G1 = load_robot("g1")


ALL = Body(mass_spread=0.1, inertia_spread=0.2, com_spread=0.01, length_spread=0.05)


def varied(spread, seed=0):
    return vary(G1, spread, np.random.default_rng(seed))


def parsed(description):
    return parse_urdf(ElementTree.fromstring(description.urdf), Path(description.name))


def masses(description):
    return np.array([link.inertia.mass for link in parsed(description).links.values()])


def test_without_spread_the_body_moves_as_described():
    models = [pin.buildModelFromXML(d.urdf) for d in (G1, varied(Body()))]
    expected, found = (pin.crba(m, m.createData(), G1.default_position) for m in models)
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_the_seed_decides_the_body():
    assert varied(ALL, 3).urdf == varied(ALL, 3).urdf
    assert varied(ALL, 3).urdf != varied(ALL, 4).urdf


def test_errors_are_within_their_bounds_and_differ_from_link_to_link():
    before, after = parsed(G1).links, parsed(varied(ALL)).links
    factors = np.array([after[n].inertia.mass / before[n].inertia.mass for n in before])
    assert np.all(np.abs(factors - 1.0) <= 0.1)
    assert len(np.unique(np.round(factors, 6))) == len(before)
    for name, link in before.items():
        moved = after[name].inertia.com - link.inertia.com
        assert np.all(np.abs(moved) <= 0.01 + 0.05 * np.abs(link.inertia.com))
        trace = np.trace(after[name].inertia.inertia) / np.trace(link.inertia.inertia)
        assert 0.9 * 0.8 <= trace <= 1.1 * 1.2


def test_one_kind_of_error_does_not_change_the_draw_of_another():
    np.testing.assert_array_equal(masses(varied(Body(mass_spread=0.1))), masses(varied(ALL)))


@pytest.mark.parametrize("seed", range(5))
def test_every_varied_link_could_exist(seed):
    for link in parsed(varied(ALL, seed)).links.values():
        assert link.inertia.problem() == ""


def test_a_longer_link_carries_joints_soles_and_spheres_further_out_together():
    body = varied(Body(length_spread=0.05))
    before, after = parsed(G1), parsed(body)
    for name, joint in before.joints.items():
        place, moved = joint.placement.position, after.joints[name].placement.position
        if np.linalg.norm(place) > 0.0:
            length = np.linalg.norm(moved) / np.linalg.norm(place)
            np.testing.assert_allclose(moved, length * place, atol=1e-12)
            assert 0.95 <= length <= 1.05
    for sole, own in zip(G1.soles, body.soles, strict=True):
        length = own.position[2] / sole.position[2]
        assert length != 1.0
        np.testing.assert_allclose(own.position, length * sole.position)
        spheres = after.links[own.link].spheres
        for sphere, mine, written in zip(sole.spheres, own.spheres, spheres, strict=True):
            np.testing.assert_allclose(mine.center, length * sphere.center)
            np.testing.assert_allclose(written.center, mine.center)
            assert mine.radius == sphere.radius


def test_a_point_mass_changes_its_link_alone():
    loaded = with_point_mass(G1, "torso_link", 2.0, np.array([0.1, 0.0, 0.2]))
    before, after = parsed(G1).links, parsed(loaded).links
    changed = [n for n in before if after[n].inertia.mass != before[n].inertia.mass]
    assert changed == ["torso_link"]
    own, both = before["torso_link"].inertia, after["torso_link"].inertia
    assert both.mass == pytest.approx(own.mass + 2.0)
    expected = (own.mass * own.com + 2.0 * np.array([0.1, 0.0, 0.2])) / (own.mass + 2.0)
    np.testing.assert_allclose(both.com, expected)
    assert masses(loaded).sum() == pytest.approx(masses(G1).sum() + 2.0)
