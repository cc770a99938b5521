"""What the defaults reach, and whether the rules of thumb hold.

    python -m benchmarks.accuracy digits [--seeds 3]
    TORCH_HOME=... python -m benchmarks.accuracy photos FOLDER [--seeds 1]
    TORCH_HOME=... python -m benchmarks.accuracy cifar10_1k FOLDER [--architecture mobilenet_v2]
    TORCH_HOME=... python -m benchmarks.accuracy aerial|nails FOLDER [--architecture mobilenet_v2]
    TORCH_HOME=... python -m benchmarks.accuracy imagenette FOLDER [--book] [--per-class 100]

`digits`: `forge demo`, that is 1,797 digits, 70/10/20 by class with split seed 0, ForgeCNN,
preset text. `photos`: import of a folder with train and val, then `forge train` as recommended
(a pretrained network whose weights are in the local cache). Both through the `forge` command.

`cifar10_1k`: 1,000 images a class, measured on 200 a class: a pretrained network, the same from
scratch, ForgeCNN from scratch. `aerial` (a folder a class, each fifth image by hash is measured
on) and `nails` (Roboflow multiclass, train and valid): the natural preset beside the domain's.
`imagenette` (train and val, photos like those that the weights have learned from): natural alone.
With `--book` each of them compares the recommended schedule with the one by the book instead.
These through the training loop; the accuracy is that of the last epoch, so that nothing was
chosen by the images it is measured on.

Prints JSON, `--json FILE` keeps it too: accuracy of each seed, mean and spread, seconds, device.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import folders
from forge_core.models import allocator

Case = dict[str, Any]
SCRATCH = {"pretrained": False, "scratch_epochs": 15, "scratch_lr": 2e-3, "label_smoothing": 0.1}
READ = ("cifar10_1k", "aerial", "nails", "imagenette")
DOMAINS = {"aerial": "aerial", "nails": "medical"}
TRANSFER = {"pretrained": True, "warmup_epochs": 5, "finetune_epochs": 5}


def forge(*arguments: str) -> Any:
    """Run a command with `--json` and read its answer."""
    command = [sys.executable, "-m", "forge_core.cli.main", *arguments, "--json"]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    if finished.returncode != 0:
        sys.exit(f"forge {' '.join(arguments)} failed:\n{finished.stderr}")
    return json.loads(finished.stdout)


def digits(seeds: int, scratch: Path) -> list[Case]:
    """One demo a seed, each in a workspace of its own."""
    found = []
    for seed in range(seeds):
        answer = forge("demo", "--seed", str(seed), "--workspace", str(scratch / f"seed-{seed}"))
        found.append({"seed": seed, **answer})
    return found


def photos(folder: Path, seeds: int, scratch: Path) -> list[Case]:
    """One recommended run a seed on the same catalog."""
    workspace = ("--workspace", str(scratch / "photos"))
    forge("init", *workspace)
    forge("import", str(folder), *workspace)
    return [forge("train", "--seed", str(seed), *workspace) for seed in range(seeds)]


def cases_of(what: str, architecture: str, input_size: int, *, book: bool) -> dict[str, Case]:
    """The runs that are compared, by what a reader calls them."""
    transfer = {"architecture": architecture, "input_size": input_size, **TRANSFER}
    if book:
        from forge_core.training.recommendation import BOOK

        preset = DOMAINS.get(what, "natural")
        return {
            "recommended": {**transfer, "preset": preset},
            "by the book": {**transfer, "preset": preset, **BOOK},
        }
    if what != "cifar10_1k":
        return {
            f"{architecture} pretrained, preset {preset}": {**transfer, "preset": preset}
            for preset in dict.fromkeys(("natural", DOMAINS.get(what, "natural")))
        }
    return {
        f"{architecture} pretrained": transfer,
        f"{architecture} from scratch": {**transfer, **SCRATCH},
        "forge_cnn from scratch": {"architecture": "forge_cnn", "input_size": 32, **SCRATCH},
    }


def read_images(what: str, folder: Path) -> tuple[list[str], Any, Any]:
    """Class names, training images and those that are measured on."""
    if what == "nails":
        names, train = folders.of_roboflow(folder / "train")
        _, val = folders.of_roboflow(folder / "valid")
        return names, train, val
    if what == "aerial":
        names = folders.class_names(folder)
        return names, *folders.divided(folder, names)
    names = folders.class_names(folder / "train")
    return (
        names,
        folders.of_folder(folder / "train", names),
        folders.of_folder(folder / ("val" if what == "imagenette" else "test"), names),
    )


class Silent:
    """A reporter that says where the run is, on stderr."""

    def on_message(self, text: str) -> None:
        """Nothing."""

    def on_progress(self, *where: object) -> None:
        """Nothing."""

    def on_losses(self, losses: Any) -> None:
        """Nothing."""

    def on_epoch(self, metrics: Any) -> None:
        print(f"  {metrics.stage} {metrics.epoch}: {metrics.val_accuracy:.4f}", file=sys.stderr)

    def should_stop(self) -> bool:
        return False


def compare(what: str, folder: Path, options: argparse.Namespace, scratch: Path) -> list[Case]:
    """Every case with every seed."""
    from benchmarks import training
    from forge_core.training.config import TrainConfig

    names, train, val = read_images(what, folder)
    found = []
    if options.per_class:
        train = folders.at_most(train, options.per_class)
    cases = cases_of(what, options.architecture, options.input_size, book=options.book)
    for title, choices in cases.items():
        for seed in range(options.seeds):
            print(f"{title}, seed {seed}", file=sys.stderr)
            config = TrainConfig(seed=seed, **choices)
            began = time.perf_counter()
            result = training.train(config, (names, train, val), scratch, Silent())
            last = result.history[-1]
            warm = [entry.val_accuracy for entry in result.history if entry.stage == "warmup"]
            found.append(
                {
                    "case": title,
                    "seed": seed,
                    "accuracy": last.val_accuracy,
                    "after_warmup": warm[-1] if warm else None,
                    "epochs": result.epochs_done,
                    "seconds": time.perf_counter() - began,
                    "num_train": len(train),
                    "num_measured": len(val),
                    "input_size": config.input_size,
                    "preset": config.preset,
                    "speed": result.compute_plan.title if result.compute_plan else None,
                }
            )
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("digits", "photos", *READ))
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--architecture", default="mobilenet_v2")
    parser.add_argument("--input-size", type=int, help="64 for cifar10_1k, else 128")
    parser.add_argument("--book", action="store_true", help="the schedule by the book instead")
    parser.add_argument("--per-class", type=int, help="training images of a class at most")
    parser.add_argument("--json", type=Path, help="keep the answer in this file too")
    options = parser.parse_args()
    if options.input_size is None:
        options.input_size = 64 if options.what == "cifar10_1k" else 128
    if options.what != "digits" and options.folder is None:
        parser.error(f"{options.what} needs a folder")
    allocator.keep_freed_memory()  # as in a job's process
    with tempfile.TemporaryDirectory() as name:
        if options.what == "digits":
            found = digits(options.seeds, Path(name))
        elif options.what == "photos":
            found = photos(options.folder, options.seeds, Path(name))
        else:
            found = compare(options.what, options.folder, options, Path(name))
    text = json.dumps({"runs": found, "summary": summarise(found)}, indent=2)
    if options.json is not None:
        options.json.write_text(text + "\n", encoding="utf-8")
    print(text)


def summarise(found: list[Case]) -> dict[str, Any]:
    """Of each case, means over the seeds of every number, and the spread of accuracies."""
    cases: dict[str, list[Case]] = {}
    for run in found:
        cases.setdefault(run.get("case", "all"), []).append(run)
    summary = {}
    for case, runs in cases.items():
        keys = [key for key in runs[0] if isinstance(runs[0][key], float)]
        numbers = {f"mean_{key}": statistics.mean(run[key] for run in runs) for key in keys}
        for key in keys:
            if "accuracy" in key and len(runs) > 1:
                numbers[f"spread_{key}"] = statistics.stdev(run[key] for run in runs)
        summary[case] = numbers
    return summary


if __name__ == "__main__":
    main()
