"""What every verb of the command line knows: the project, and how to answer."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console


@dataclass
class Context:
    """Where the project is, and whether stdout is one JSON document.

    Attributes
    ----------
    folder : Path
        The project: `params.yaml`, `dvc.yaml` and `artifacts/`.
    json : bool
        Whether stdout carries one JSON document, and all else goes to stderr.
    """

    folder: Path = Path()
    json: bool = False

    @property
    def artifacts(self) -> Path:
        """Where everything that is produced lies."""
        return self.folder / "artifacts"

    @property
    def console(self) -> Console:
        """Where people read: stdout, or stderr when stdout is for a program."""
        return Console(stderr=self.json)

    def answer(self, document: Any) -> None:
        """Print the one JSON document, if one was asked for."""
        if self.json:
            json.dump(document, sys.stdout, indent=2, ensure_ascii=False, default=str)
            sys.stdout.write("\n")
