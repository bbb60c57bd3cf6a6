"""What is said to Cyclone of the network, and what is refused before it is asked."""

from xml.etree import ElementTree

import pytest

from wm_bringup.robots.unitree.cyclone import network
from wm_bringup.robots.unitree.cyclone.network import configuration
from wm_bringup.robots.unitree.link import LinkError


@pytest.fixture
def interfaces(monkeypatch):
    """Let there be a loopback without multicast and a cable with it."""
    monkeypatch.setattr(network.socket, "if_nameindex", lambda: [(1, "lo"), (2, "eth0")])
    monkeypatch.setattr(network, "has_multicast", lambda name: name == "eth0")


def said(text):
    domain = ElementTree.fromstring(text).find("Domain")
    return (
        domain.find("General/Interfaces/NetworkInterface").get("name"),
        domain.findtext("General/AllowMulticast"),
        [peer.get("address") for peer in domain.iter("Peer")],
        domain.findtext("Discovery/ParticipantIndex"),
    )


def test_on_the_loopback_others_are_looked_for_at_its_address(interfaces):
    assert said(configuration(0, "lo")) == ("lo", "false", ["127.0.0.1"], "auto")


def test_on_a_cable_multicast_finds_them(interfaces):
    assert said(configuration(1, "eth0")) == ("eth0", "true", [], None)


def test_peers_are_looked_for_beside_multicast(interfaces):
    text = configuration(0, "eth0", ["192.168.123.161"])
    assert said(text) == ("eth0", "true", ["192.168.123.161"], "auto")


def test_a_name_cannot_break_out_of_the_text(interfaces):
    assert said(configuration(0, "eth0", ['"/><x a="']))[2] == ['"/><x a="']


@pytest.mark.parametrize("domain", [-1, 233, 1 << 40])
def test_a_domain_that_has_no_ports_is_refused(interfaces, domain):
    with pytest.raises(LinkError, match=f"0 to 232, not {domain}"):
        configuration(domain, "lo")


def test_an_interface_that_is_not_there_is_refused_with_those_that_are(interfaces):
    with pytest.raises(LinkError, match="no network interface 'eth1'; here are lo, eth0"):
        configuration(0, "eth1")


def test_without_multicast_a_robot_elsewhere_needs_an_address(monkeypatch):
    monkeypatch.setattr(network.socket, "if_nameindex", lambda: [(3, "wg0")])
    monkeypatch.setattr(network, "has_multicast", lambda name: False)
    with pytest.raises(LinkError, match="wg0 has no multicast"):
        configuration(0, "wg0")
    assert said(configuration(0, "wg0", ["10.0.0.2"]))[2] == ["10.0.0.2"]


def test_the_flags_of_this_machines_loopback_are_read():
    assert network.has_multicast("lo") in (False, True)
