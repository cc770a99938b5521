"""Reads the Dockerfiles of the service, and lays their files out as a builder would."""

import json
import re
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[3]


@dataclass(frozen=True)
class Instruction:
    """One line of a Dockerfile, continuation lines joined."""

    word: str
    rest: str

    @property
    def arguments(self) -> list[str]:
        """Arguments without flags such as --interval=30s; JSON lists are read."""
        text = re.sub(r"^(--\S+\s+)+", "", self.rest)
        if text.startswith("["):
            return list(json.loads(text))
        return shlex.split(text)

    @property
    def command(self) -> list[str]:
        """The command of a HEALTHCHECK."""
        return list(json.loads(self.rest[self.rest.index("CMD") + 3 :]))


@dataclass(frozen=True)
class Dockerfile:
    """A Dockerfile of the repository, by its name."""

    name: str
    weights: str
    """The argument that names the file to serve."""
    requirements: str
    """The file of pins that it installs."""

    @property
    def instructions(self) -> list[Instruction]:
        """All, in order."""
        text = (REPOSITORY / self.name).read_text()
        lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
        joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
        return [Instruction(*line.split(maxsplit=1)) for line in joined.splitlines()]

    def all_of(self, word: str) -> list[Instruction]:
        """Those that begin with a word."""
        return [instruction for instruction in self.instructions if instruction.word == word]

    def place_of(self, word: str, part: str) -> int:
        """Place of the only instruction of that word that holds `part`."""
        (place,) = [
            place
            for place, instruction in enumerate(self.instructions)
            if instruction.word == word and part in instruction.rest
        ]
        return place

    @property
    def sources(self) -> list[str]:
        """What is copied."""
        return [source for copy in self.all_of("COPY") for source in copy.arguments[:-1]]

    def lay_out(self, root: Path, weights: Path) -> Path:
        """Lay out the image's files under `root`; gives the working folder."""
        workdir = Path("/")
        for instruction in self.instructions:
            if instruction.word == "WORKDIR":
                workdir = Path(instruction.rest)
            if instruction.word != "COPY":
                continue
            *sources, destination = instruction.arguments
            for source in sources:
                origin = weights if self.weights in source else REPOSITORY / source
                target = root / (workdir / destination).relative_to("/")
                if origin.is_dir():
                    ignore = shutil.ignore_patterns("__pycache__")
                    shutil.copytree(origin, target, ignore=ignore, dirs_exist_ok=True)
                    continue
                if destination.endswith("/"):
                    target /= origin.name
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(origin, target)
        return root / workdir.relative_to("/")


TORCH = Dockerfile("Dockerfile", "CHECKPOINT", "requirements-serve.txt")
ONNX = Dockerfile("Dockerfile.onnx", "NETWORK", "requirements-serve-onnx.txt")


def read_pins(name: str) -> set[str]:
    """The lines of a file of requirements."""
    lines = (REPOSITORY / name).read_text().splitlines()
    return {line.strip() for line in lines if line.strip() and not line.strip().startswith("#")}
