"""What the loaders share: the tensors of a network, and the licence beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from wm_policy.errors import NetworkError
from wm_policy.loaders.fields import Fields
from wm_policy.loaders.overlay import Overlay
from wm_policy.loaders.refusal import Refusal, judged
from wm_policy.loaders.terms import ForeignTerm, Plain, overlay_terms
from wm_policy.network import NetworkFile

LICENCE_FILES = ("LICENSE*", "LICENCE*", "COPYING*")


def tensors(
    network: NetworkFile, inputs: list[Plain] | Refusal, overlay: Overlay, output: str = ""
) -> Plain:
    """Return ``inputs``, ``states`` and the action's output: what each tensor of a network is.

    inputs: the observations that a file describes. Others are what the overlay says of them
    (``terms`` by the input's name, ``states``), else states that are paired by their names. output:
    the name that the format's own runner asks for, if it asks for one.
    """
    described = inputs
    if not isinstance(inputs, Refusal):
        described = judged(lambda: _with_fixed(network, inputs, overlay))
    content: Plain = {"inputs": described}
    names = _names(overlay.said("inputs") or described)
    states = overlay.said("states")
    if states is None and names:
        states = content["states"] = judged(lambda: recurrent_states(network, names))
    if overlay.said("action", "output") is None and _paired(states):
        found = states or []
        content["output"] = judged(lambda: only_output(network, found, output))
    return content


def with_unknown_keys(content: Plain, fields: Fields, ignored: Sequence[str] = ()) -> Plain:
    """Return content; with a refusal in it when the file has keys that nobody asked for."""
    unknown = judged(lambda: fields.nothing_else(ignored))
    return {**content, "unknown": unknown} if isinstance(unknown, Refusal) else content


def _names(inputs: object) -> list[str]:
    """Names of inputs, whatever is wrong with the rest of them."""
    tensors = inputs if isinstance(inputs, (list, tuple)) else ()
    return [str(tensor.get("name")) for tensor in tensors if isinstance(tensor, Mapping)]


def _paired(states: object) -> bool:
    return states is None or (
        isinstance(states, (list, tuple))
        and all(isinstance(state, Mapping) and "output" in state for state in states)
    )


def _with_fixed(network: NetworkFile, inputs: list[Plain], overlay: Overlay) -> list[Plain]:
    """Return the inputs with those that no observation of the file fills, but the overlay."""
    known = _names(inputs)
    return inputs + [
        {"name": name, "blocks": [{"terms": list(overlay_terms(ForeignTerm(name), overlay))}]}
        for name in network.inputs
        if name not in known and overlay.means(name)
    ]


def recurrent_states(network: NetworkFile, observed: Sequence[str]) -> list[Plain]:
    """Pair inputs that hold no observation with outputs: ``h_in`` with ``h_out`` and so on.

    NetworkError for an input without its output.
    """
    states = []
    for name in network.inputs:
        if name in observed:
            continue
        outputs = [output for output in _handed_on(name) if output in network.outputs]
        if not outputs:
            expected = (
                f"an observation ({', '.join(observed)}), a state with its output, "
                f"or terms.{name} or states of an overlay"
            )
            raise NetworkError(network.path, "inputs", expected, f"'{name}'")
        states.append({"input": name, "output": outputs[0]})
    return states


def _handed_on(name: str) -> list[str]:
    """Return the names under which exporters hand on the state ``name``."""
    stem = name.removesuffix("_in").removeprefix("in_").removeprefix("prev_")
    names = [f"{stem}_out", f"{name}_out", f"out_{stem}"]
    names += [f"{word}_{stem}" for word in ("next", "new")]
    names += [f"{stem}_{word}" for word in ("next", "new")]
    return [*names, f"{stem[:-1]}n"] if stem.endswith("0") else names  # h0, hn


def only_output(network: NetworkFile, states: Sequence[Plain], wanted: str = "") -> str:
    """Return the output ``wanted``, or the only one that is no state; NetworkError otherwise."""
    handed_on = {state["output"] for state in states}
    outputs = [name for name in network.outputs if name not in handed_on]
    if wanted in outputs:
        return wanted
    if len(outputs) != 1:
        expected = "one action tensor, or action.output of an overlay"
        raise NetworkError(network.path, "outputs", expected, ", ".join(outputs) or "none")
    return outputs[0]


def observation_input(network: NetworkFile, name: str, file: Path) -> str:
    """Return the input that takes the observation: ``name``, or the only one there is."""
    if name in network.inputs:
        return name
    if len(network.inputs) == 1:
        return next(iter(network.inputs))
    raise NetworkError(file, "inputs", f"an input '{name}'", ", ".join(network.inputs))


def licence_beside(path: Path) -> str:
    """Say which licence file lies beside a network, or that none does."""
    for pattern in LICENCE_FILES:
        for file in sorted(path.parent.glob(pattern)):
            return f"see {file.name}"
    return "not stated"
