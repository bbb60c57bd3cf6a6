"""Proposals on the wire: a command, and before and beside it all that its controller says of it.

A reader that takes ``data[data_offset:]`` has the command. Numbers come before it, words are the
labels of further dimensions of size 1, which do not change the shape of the array.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from wm_bringup.wire.cdr import MessageError
from wm_bringup.wire.messages import MultiArrayEncoder, command_dimensions, decode_labelled_array
from wm_bringup.wire.vectors import (
    COMMAND_HEADER,
    PROPOSAL_HEADER,
    SOLVE_FIELDS,
    command_rows,
    unpack_command,
)
from wm_control.controllers.proposal import Proposal
from wm_control.types import Array, ControllerResult, SolveReport, Status

Words = tuple[str, ...]
"""Controller, cause, name and cause of every solve, name of every figure."""


def decode_proposal(data: bytes, n: int) -> Proposal:
    """Read ``<controller>/joint_command``; a plain command counts as status OK, without solves.

    MessageError for a wrong size and for a status that is none.
    """
    labels, header, body = decode_labelled_array(data)
    command = unpack_command(header, body, n)
    if header.size == len(COMMAND_HEADER):
        result = ControllerResult("", command, Status.OK)
        return Proposal(command.stamp, command.sequence, result)
    status, solves, figures = _counts(header)
    words = labels[len(command_dimensions(n)) :]
    rest = header[len(PROPOSAL_HEADER) :]
    if rest.size != len(SOLVE_FIELDS) * solves + figures or len(words) != 2 + 2 * solves + figures:
        raise MessageError(
            f"a proposal with {solves} solves and {figures} figures has {rest.size} numbers and "
            f"{len(words)} words for them"
        )
    split = len(SOLVE_FIELDS) * solves
    rows = rest[:split].reshape(solves, len(SOLVE_FIELDS))
    named = [words[2 + 2 * k : 4 + 2 * k] for k in range(solves)]
    result = ControllerResult(
        words[0],
        None if status == Status.FAILED and not np.isfinite(body).any() else command,
        status,
        words[1],
        tuple(_solve(name, cause, row) for (name, cause), row in zip(named, rows, strict=True)),
        dict(zip(words[2 + 2 * solves :], rest[split:].tolist(), strict=True)),
    )
    return Proposal(command.stamp, command.sequence, result)


def _counts(header: Array) -> tuple[Status, int, int]:
    """Status, number of solves and of figures."""
    if header.size < len(PROPOSAL_HEADER):
        raise MessageError(
            f"{len(PROPOSAL_HEADER)} numbers come before a proposal, got {header.size}"
        )
    status, solves, figures = header[len(COMMAND_HEADER) : len(PROPOSAL_HEADER)].tolist()
    for name, count in (("solves", solves), ("figures", figures)):
        if count not in range(header.size):
            raise MessageError(f"the number of {name} of a proposal cannot be {count:g}")
    return _status(status), int(solves), int(figures)


def _status(code: float) -> Status:
    if code not in tuple(Status):
        raise MessageError(f"the status of a proposal is one of 0, 1, 2, got {code:g}")
    return Status(int(code))


def _solve(name: str, cause: str, row: Array) -> SolveReport:
    status, age, residual, iterations, solve_time, holds_for = row.tolist()
    count = int(iterations) if np.isfinite(iterations) else 0
    return SolveReport(name, _status(status), age, residual, count, solve_time, cause, holds_for)


class ProposalEncoder:
    """``<controller>/joint_command``; a controller without a command sends NaN in all rows."""

    def __init__(self, n: int) -> None:
        """Lay out proposals of ``n`` joints."""
        self._dimensions = command_dimensions(n)
        self._words: Words | None = None

    def encode(self, proposal: Proposal) -> bytes:
        """Fill in one proposal; other words than those of the last one need another layout."""
        result = proposal.result
        words = tuple(_words(result))
        if words != self._words:
            self._message, self._words = self._layout(words, result), words
        floats = self._message.floats
        header = [proposal.stamp, proposal.sequence, result.status]
        header += [len(result.solves), len(result.figures)]
        for solve in result.solves:
            header += [getattr(solve, name) for name in SOLVE_FIELDS]
        header += result.figures.values()
        floats[: len(header)] = header
        if result.command is None:
            floats[len(header) :] = np.nan
        else:
            np.concatenate(command_rows(result.command), out=floats[len(header) :])
        return self._message.encode()

    def _layout(self, words: Words, result: ControllerResult) -> MultiArrayEncoder:
        numbers = len(SOLVE_FIELDS) * len(result.solves) + len(result.figures)
        dimensions: Sequence[tuple[str, int]] = (*self._dimensions, *((word, 1) for word in words))
        return MultiArrayEncoder(dimensions, len(PROPOSAL_HEADER) + numbers)


def _words(result: ControllerResult) -> Iterator[str]:
    yield from (result.controller, result.cause)
    for solve in result.solves:
        yield from (solve.name, solve.cause)
    yield from result.figures
