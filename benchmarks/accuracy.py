"""What the defaults reach, through the `forge` command as a person would call it.

    python -m benchmarks.accuracy digits [--seeds 3]
    TORCH_HOME=... python -m benchmarks.accuracy photos FOLDER [--seeds 1]

`digits`: `forge demo`, that is 1,797 digits, 70/10/20 by class with split seed 0, ForgeCNN,
preset text. `photos`: import of a folder with train and val, then `forge train` as recommended
(a pretrained network whose weights are in the local cache). Prints JSON: accuracy of each seed,
their mean, seconds of each run, device.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any


def forge(*arguments: str) -> Any:
    """Run a command with `--json` and read its answer."""
    command = [sys.executable, "-m", "forge_core.cli.main", *arguments, "--json"]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    if finished.returncode != 0:
        sys.exit(f"forge {' '.join(arguments)} failed:\n{finished.stderr}")
    return json.loads(finished.stdout)


def digits(seeds: int, scratch: Path) -> list[dict[str, Any]]:
    """One demo a seed, each in a workspace of its own."""
    found = []
    for seed in range(seeds):
        answer = forge("demo", "--seed", str(seed), "--workspace", str(scratch / f"seed-{seed}"))
        found.append({"seed": seed, **answer})
    return found


def photos(folder: Path, seeds: int, scratch: Path) -> list[dict[str, Any]]:
    """One recommended run a seed on the same catalog."""
    workspace = ("--workspace", str(scratch / "photos"))
    forge("init", *workspace)
    forge("import", str(folder), *workspace)
    return [forge("train", "--seed", str(seed), *workspace) for seed in range(seeds)]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("digits", "photos"))
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        if options.what == "digits":
            found = digits(options.seeds, Path(name))
        elif options.folder is None:
            parser.error("photos need a folder")
        else:
            found = photos(options.folder, options.seeds, Path(name))
    print(json.dumps({"runs": found, "summary": summarise(found)}, indent=2))


def summarise(found: list[dict[str, Any]]) -> dict[str, Any]:
    """Means over the seeds of every number that all runs have."""
    keys = [key for key in found[0] if isinstance(found[0][key], float)]
    return {f"mean_{key}": statistics.mean(run[key] for run in found) for key in keys}


if __name__ == "__main__":
    main()
