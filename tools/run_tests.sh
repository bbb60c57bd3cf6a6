#!/usr/bin/env bash
# Run the tests: those of simulated time on all cores, then those of real time with the machine to themselves.
#
# usage: tools/run_tests.sh PYTHON [pytest's arguments, for both]
set -uo pipefail

python=$1
shift
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1 # of two processes on two cores
unset PYTHONDONTWRITEBYTECODE # hundreds of processes would each compile the same modules
slowest=(--durations=15 --durations-min=1)

"$python" -m pytest -q -m "not live" --numprocesses logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder "${slowest[@]}" "$@"
simulated=$?
"$python" -m pytest -q -m live "${slowest[@]}" "$@"
live=$?

nothing=5 # pytest's word for: no test was selected
[ $simulated -ne $nothing ] || [ $live -ne $nothing ] || exit $nothing
[ $simulated -eq 0 ] || [ $simulated -eq $nothing ] || exit $simulated
[ $live -eq 0 ] || [ $live -eq $nothing ] || exit $live
