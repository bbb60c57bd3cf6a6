"""Work spread over a cluster that only pretends to be one; the real one: with_ray."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace

import pytest

from wm_bringup.judging import ray_workers
from wm_bringup.judging.ray_workers import read_workers
from wm_bringup.judging.runner import RunnerError


class RayError(Exception):
    pass


class RayTaskError(RayError):
    def __init__(self, cause):
        super().__init__(str(cause))
        self.cause = cause


class Ray(ModuleType):
    """Does all work at once, and hands the last out first."""

    def __init__(self):
        super().__init__("ray")
        self.begun, self.ended = [], 0
        self.exceptions = ModuleType("ray.exceptions")
        self.exceptions.RayError, self.exceptions.RayTaskError = RayError, RayTaskError

    def init(self, **options):
        self.begun.append(options)

    def shutdown(self):
        self.ended += 1

    def remote(self, **options):
        return lambda work: SimpleNamespace(remote=lambda item: (work, item))

    def wait(self, pending, num_returns):
        return pending[-1:], pending[:-1]

    def get(self, reference):
        work, item = reference
        try:
            return work(item)
        except OSError as error:
            raise RayError(str(error)) from error
        except Exception as error:
            raise RayTaskError(error) from error


@pytest.fixture
def ray(monkeypatch):
    made = Ray()
    monkeypatch.setitem(sys.modules, "ray", made)
    monkeypatch.setitem(sys.modules, "ray.exceptions", made.exceptions)
    monkeypatch.setattr(ray_workers, "find_spec", lambda name: object())
    return made


def test_every_item_is_done_once_in_whatever_order_they_finish(ray):
    found = list(read_workers("ray", 2)(lambda number: number**2, [3, 4, 5]))
    assert found == [(2, 25), (1, 16), (0, 9)]
    assert ray.begun[0]["num_cpus"] == 2
    assert ray.begun[0]["runtime_env"]["env_vars"]["OMP_NUM_THREADS"] == "1"
    assert ray.ended == 1


def test_a_cluster_that_is_there_is_joined_by_its_address(ray):
    assert list(read_workers("ray://there:10001", 2)(str, [1])) == [(0, "1")]
    assert ray.begun[0]["address"] == "ray://there:10001"
    assert "num_cpus" not in ray.begun[0]


def test_nothing_to_do_begins_no_cluster(ray):
    assert list(read_workers("ray", 2)(str, [])) == []
    assert ray.begun == []


def test_what_the_work_raises_is_raised_and_a_lost_worker_is_told(ray):
    def refuse(item):
        raise ValueError(item)

    def lose(item):
        raise OSError("gone")

    with pytest.raises(ValueError, match="no"):
        list(read_workers("ray", 1)(refuse, ["no"]))
    with pytest.raises(RunnerError, match=r"lost \(gone\).*--resume"):
        list(read_workers("ray", 1)(lose, [1]))
    assert ray.ended == 2


def test_who_stops_looking_ends_the_work(ray):
    found = read_workers("ray", 1)(str, [1, 2])
    next(found)
    found.close()
    assert ray.ended == 1


def test_local_is_no_cluster_and_anything_else_is_refused(monkeypatch):
    assert read_workers("local", 2) is None
    with pytest.raises(RunnerError, match="must be local, ray or ray://ADDRESS"):
        read_workers("rays", 2)
    monkeypatch.setattr(ray_workers, "find_spec", lambda name: None)
    with pytest.raises(RunnerError, match="pip install"):
        read_workers("ray", 2)
