"""A file that extends another says only what is different, and its mistakes are told of itself."""

import pytest
import yaml
from pydantic import Field
from pydantic.dataclasses import dataclass

from wm_control.configuration.extending import load_extending
from wm_control.configuration.parameters import STRICT
from wm_control.errors import ParameterError


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Wheel:
    radius: float = Field(gt=0.0)
    width: float = 0.1


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Cart:
    name: str
    wheels: dict[str, Wheel] = Field(default={})
    colours: tuple[str, ...] = ()


BASE = {
    "name": "cart",
    "wheels": {"left": {"radius": 0.3}, "right": {"radius": 0.3, "width": 0.2}},
    "colours": ["red", "blue"],
}


@pytest.fixture
def write(tmp_path):
    def _write(name, content):
        path = tmp_path / name
        path.write_text(yaml.safe_dump(content, sort_keys=False))
        return path

    _write("cart.yaml", BASE)
    return _write


def refusal(path):
    with pytest.raises(ParameterError) as raised:
        load_extending(Cart, path)
    return raised.value


def test_a_file_that_extends_nothing_is_read_as_ever(tmp_path, write):
    cart = load_extending(Cart, tmp_path / "cart.yaml")
    assert cart.wheels == {"left": Wheel(radius=0.3), "right": Wheel(radius=0.3, width=0.2)}


def test_what_is_not_said_is_that_of_the_file_below(write):
    path = write("big.yaml", {"extends": "cart.yaml", "wheels": {"right": {"radius": 0.5}}})
    cart = load_extending(Cart, path)
    assert cart.name == "cart"
    assert cart.wheels == {"left": Wheel(radius=0.3), "right": Wheel(radius=0.5, width=0.2)}


def test_a_list_takes_the_place_of_the_list_below(write):
    path = write("grey.yaml", {"extends": "cart.yaml", "colours": ["grey"]})
    assert load_extending(Cart, path).colours == ("grey",)


def test_null_takes_away_and_order_is_kept(write):
    path = write(
        "one.yaml", {"extends": "cart.yaml", "wheels": {"left": None, "third": {"radius": 1.0}}}
    )
    assert list(load_extending(Cart, path).wheels) == ["right", "third"]


def test_a_chain_of_files_is_read_from_the_bottom(write):
    write("big.yaml", {"extends": "cart.yaml", "name": "big", "colours": ["grey"]})
    path = write("bigger.yaml", {"extends": "big.yaml", "name": "bigger"})
    cart = load_extending(Cart, path)
    assert (cart.name, cart.colours, len(cart.wheels)) == ("bigger", ("grey",), 2)


def test_null_for_what_is_not_there_is_refused_by_key_and_file(write):
    path = write("odd.yaml", {"extends": "cart.yaml", "wheels": {"lift": None}})
    error = refusal(path)
    assert error.key == "wheels.lift"
    assert str(path) in str(error)


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"wheels": {"left": {"radus": 0.5}}}, "wheels.left.radus"),
        ({"wheels": {"left": {"radius": -1.0}}}, "wheels.left.radius"),
        ({"weels": {}}, "weels"),
        ({"wheels": {"lift": {"width": 0.5}}}, "wheels.lift.radius"),
    ],
)
def test_a_mistake_is_told_of_the_file_that_holds_it(write, changes, key):
    wrong = write("wrong.yaml", {"extends": "cart.yaml", **changes})
    above = write("above.yaml", {"extends": "wrong.yaml", "name": "fine"})
    for path in (wrong, above):
        error = refusal(path)
        assert error.key == key
        assert str(wrong) in str(error)


def test_files_that_extend_each_other_are_refused_with_the_circle(write):
    write("a.yaml", {"extends": "b.yaml"})
    path = write("b.yaml", {"extends": "a.yaml"})
    assert "b.yaml extends a.yaml extends b.yaml" in str(refusal(path))
    assert "a.yaml extends a.yaml" in str(refusal(write("a.yaml", {"extends": "./a.yaml"})))


@pytest.mark.parametrize("below", ["cort.yaml", 3, ["cart.yaml"], ""])
def test_what_cannot_be_extended_is_refused_by_key_and_file(write, below):
    path = write("odd.yaml", {"extends": below})
    error = refusal(path)
    assert error.key == "extends"
    assert str(path) in str(error)
