from wm_bringup.wire.dds import MIDDLEWARE, PROFILE, RANGE, keep_on_loopback


def changed(middleware=MIDDLEWARE, **environment):
    keep_on_loopback(environment, middleware)
    return environment


def test_traffic_for_this_machine_only_goes_over_sockets_of_the_loopback_interface():
    environment = changed(**{RANGE: "LOCALHOST"})
    assert environment[RANGE] == "SYSTEM_DEFAULT"
    with open(environment[PROFILE], encoding="utf-8") as file:
        profile = file.read()
    assert "127.0.0.1" in profile
    assert "<useBuiltinTransports>false" in profile


def test_a_wider_range_a_users_own_profile_and_another_middleware_are_left_alone():
    for environment in ({}, {RANGE: "SUBNET"}, {RANGE: "OFF"}):
        assert changed(**environment) == environment
    own = {RANGE: "LOCALHOST", PROFILE: "mine.xml"}
    assert changed(**own) == own
    assert changed("rmw_cyclonedds_cpp", **{RANGE: "LOCALHOST"}) == {RANGE: "LOCALHOST"}
