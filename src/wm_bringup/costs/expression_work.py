"""Work of a CasADi function: its instructions, counted."""

from __future__ import annotations

import casadi as ca

from wm_bringup.costs.work import Work, numbers

_MOVES = (ca.OP_CONST, ca.OP_INPUT, ca.OP_OUTPUT, ca.OP_ASSIGN, ca.OP_PARAMETER)
"""Instructions that only move data."""


def expression_work(function: ca.Function) -> Work:
    """Work of one evaluation of a function of SX; touched are its inputs, outputs, work vector."""
    codes = (function.instruction_id(k) for k in range(function.n_instructions()))
    flop = sum(code not in _MOVES for code in codes)
    return numbers(flop, function.nnz_in() + function.nnz_out() + function.sz_w())
