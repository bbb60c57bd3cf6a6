"""One training run on disk: what was asked for, and what is there already."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from wm_control.configuration.parameters import load_parameters, merged, read_yaml
from wm_control.errors import WmError
from wm_control.robot.sources import robot_part
from wm_training.learning.parameters import TrainingParameters

REQUEST = "request.json"


class RunFolderError(WmError):
    """A folder holds another run than the one that was asked for."""


@dataclass(frozen=True, slots=True)
class TrainingRun:
    """What is trained, and where.

    robot: name, folder or file. from_scratch: without demonstrations. budget: CPU time of
    post-training [s]. jobs: processes for demonstrations and judging, and threads for
    post-training.
    """

    folder: Path
    robot: str
    parameters: TrainingParameters
    seed: int
    from_scratch: bool
    budget: float
    jobs: int

    @property
    def lessons(self) -> Path:
        """Folder of the demonstrations."""
        return self.folder / "lessons"

    @property
    def policy(self) -> Path:
        """Folder of the exported policy."""
        return self.folder / "policy"

    @property
    def student(self) -> Path:
        """Folder of the policy that takes lessons."""
        return self.folder / "student"

    def request(self) -> dict[str, Any]:
        """All that decides the outcome, as plain data."""
        parameters = TypeAdapter(TrainingParameters).dump_python(self.parameters, mode="json")
        return {
            "robot": self.robot,
            "seed": self.seed,
            "from_scratch": self.from_scratch,
            "parameters": parameters,
        }

    def open(self) -> bool:
        """Make the folder, or go on in it; returns whether there was one.

        RunFolderError when it belongs to a run with other parameters.
        """
        path = self.folder / REQUEST
        asked = self.request()
        if not path.is_file():
            self.folder.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(asked, indent=2) + "\n", encoding="utf-8")
            return False
        found = json.loads(path.read_text(encoding="utf-8"))
        for key, value in flat(asked).items():
            if flat(found).get(key) != value:
                raise RunFolderError(
                    f"{path}: {key} is {flat(found).get(key)}, but {value} was asked for; choose "
                    "another --output, or delete the folder"
                )
        return True


def training_parameters(robot: str, changes: Path | None) -> TrainingParameters:
    """Read the robot's training.yaml, with the changes of another file; ParameterError if wrong."""
    path = robot_part(robot, "training")
    if changes is None:
        return load_parameters(TrainingParameters, path)
    content = merged(read_yaml(path), read_yaml(changes))
    return load_parameters(TrainingParameters, content, origin=str(changes))


def flat(content: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Flatten nested mappings into dotted keys; tuples become lists as JSON has them."""
    found: dict[str, Any] = {}
    for key, value in content.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{prefix}{key}.")
        else:
            found[prefix + key] = list(value) if isinstance(value, tuple) else value
    return found
