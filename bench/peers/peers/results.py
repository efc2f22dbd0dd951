"""What was measured, on disk after every step, so that an interrupted run goes on where it was."""

import json
import os
import time
from pathlib import Path
from typing import Any


class Results:
    """The results of one data set in one run: a JSON file.

    | key | what |
    |---|---|
    | `settings` | what must be the same for results to belong together |
    | `started`, `finished` | UTC |
    | `machine` | processor, memory, kernel |
    | `subjects` | by name: `version`, `build`, `recalls` by effort, `empty`, or `skipped` with the reason |
    | `rounds` | complete rounds: `speeds` and `singles`, the load before and after, CPU that others used |
    """

    def __init__(self, path: Path, settings: dict[str, Any]):
        self.path = path
        self.content: dict[str, Any] = {"settings": settings, "subjects": {}, "rounds": []}
        #: Why what was there is not gone on with.
        self.set_aside: str | None = None
        if not path.is_file():
            return
        there = json.loads(path.read_text())
        # As JSON has it: tuples are lists there.
        settings = json.loads(json.dumps(settings))
        if there["settings"] == settings:
            self.content = there
        else:
            names = sorted(set(settings) | set(there["settings"]))
            changed = [n for n in names if settings.get(n) != there["settings"].get(n)]
            self.set_aside = f"other {', '.join(changed)}"

    @property
    def subjects(self) -> dict[str, dict[str, Any]]:
        return self.content["subjects"]

    @property
    def rounds(self) -> list[dict[str, Any]]:
        return self.content["rounds"]

    @property
    def finished(self) -> bool:
        return "finished" in self.content

    def save(self) -> None:
        """Writes everything; a reader sees the old or the new file, never half of one."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self.path.with_suffix(".part")
        temporary.write_text(json.dumps(self.content, indent=1) + "\n")
        os.replace(temporary, self.path)


def now() -> str:
    """The time, UTC, to the second."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime())
