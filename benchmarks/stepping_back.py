"""Does work in the background disturb who works in the foreground of the same machine?

    python -m benchmarks.stepping_back --json out.json

Two processes in the foreground, each in a session of its own as a web server and a browser are,
wake 100 times a second and do a piece of work of some milliseconds. Beside them as many processes
as the machine has processors compute without end, each in a session of its own as workers are:
at the same priority, nice alone, and as a job's process steps back (`processes.step_back`), for
several nicenesses, in turn and several rounds. It says how long a piece took from its moment on
(milliseconds), and which part of all processors the background got.
"""

import argparse
import hashlib
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

from forge_core.jobs import processes

MODULE = "benchmarks.stepping_back"
PERIOD = 0.01
WAYS = {
    "alone": "",
    "same priority": "plain 0",
    "nice 10": "nice 10",
    "steps back 5": "back 5",
    "steps back 10": "back 10",
    "steps back 19": "back 19",
}


def work(pieces: int) -> None:
    """Some milliseconds of computing for about 1,000 pieces."""
    data = bytes(4096)
    for _ in range(pieces):
        data = hashlib.sha256(data).digest() * 128


def answer(seconds: float, pieces: int) -> None:
    """The foreground: prints how long each piece took from its moment on, in milliseconds."""
    took = []
    begin = time.perf_counter()
    for number in range(1, int(seconds / PERIOD)):
        moment = begin + number * PERIOD
        time.sleep(max(0.0, moment - time.perf_counter()))
        asked = max(moment, time.perf_counter() - PERIOD)  # a person waits for the one before
        work(pieces)
        took.append(1000 * (time.perf_counter() - asked))
    print(json.dumps(took))


def burn(seconds: float, way: str, niceness: int) -> None:
    """The background: prints the processor time that it got, in seconds."""
    if way == "nice":
        os.nice(niceness)
    elif way == "back":
        processes.step_back(niceness)
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        work(50)
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps(used.ru_utime + used.ru_stime))


def start(*arguments: object) -> subprocess.Popen[str]:
    """One process of ours in a session of its own."""
    command = [sys.executable, "-m", MODULE, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)


def measure(way: str, seconds: float, pieces: int) -> tuple[list[float], float]:
    """Milliseconds of each piece of the foreground, and the background's part of the processors."""
    number = os.cpu_count() or 1
    behind = [
        start("--burn", *way.split(), "--seconds", seconds + 1) for _ in range(number if way else 0)
    ]
    time.sleep(0.7)
    front = [start("--answer", pieces, "--seconds", seconds) for _ in range(2)]
    took = [one for process in front for one in json.loads(process.communicate()[0])]
    got = sum(float(process.communicate()[0]) for process in behind)
    return took, got / (number * (seconds + 1))


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=4.0, help="of one round of one way")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pieces", type=int, default=0, help="of work; as many as take 2 ms alone")
    parser.add_argument("--json", type=Path, help="write all figures here")
    parser.add_argument("--answer", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--burn", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.answer:
        return answer(options.seconds, options.answer)
    if options.burn:
        return burn(options.seconds, options.burn[0], int(options.burn[1]))
    begin = time.process_time()
    work(1000)
    pieces = options.pieces or max(1, int(2 / (time.process_time() - begin)))
    load = os.getloadavg()[0]
    measured: dict[str, list[tuple[list[float], float]]] = {name: [] for name in WAYS}
    for _ in range(options.rounds):
        for name, way in WAYS.items():
            measured[name].append(measure(way, options.seconds, pieces))
    figures = {}
    for name, rounds in measured.items():
        took = sorted(one for part, _ in rounds for one in part)
        figures[name] = {
            "p50": round(statistics.median(took), 1),
            "p95": round(took[int(len(took) * 0.95)], 1),
            "max": round(took[-1], 1),
            "of_all_processors": round(statistics.mean(part for _, part in rounds), 2),
        }
        print(f"{name:<16} {figures[name]}")
    answer_ = {"figures": figures, "load": round(load, 1), "processors": os.cpu_count()}
    if options.json:
        options.json.write_text(json.dumps(answer_, indent=2))
    return None


if __name__ == "__main__":
    main()
