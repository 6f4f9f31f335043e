"""What starting costs: import, help, listing, and a cold recommendation, as whole processes.

Each round runs every command once, in turn, so that a machine that slows down slows all of them;
the least and the median over the rounds are printed, and the import's cost as a difference within rounds.

`python benchmarks/bench_startup.py [--rounds 10]`
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

COMMAND = [sys.executable, "-m", "cbrkit_xai"]


def seconds(command: list[str], environment: dict[str, str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env=environment)
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=10)
    rounds = parser.parse_args().rounds
    spec = find_spec("skimage")
    assert spec is not None and spec.origin is not None
    photo = str(Path(spec.origin).parent / "data" / "chelsea.png")
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "import numpy": [sys.executable, "-c", "import numpy"],
        "import numpy, cbrkit_xai": [sys.executable, "-c", "import numpy, cbrkit_xai"],
        "cbrkit-xai --help": [*COMMAND, "--help"],
        "cbrkit-xai plugins": [*COMMAND, "plugins", "--json"],
        "cbrkit-xai recommend": [*COMMAND, "recommend", photo, "--json"],
    }
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, "CBRKIT_XAI_CACHE": cache}
        first = seconds(commands["cbrkit-xai recommend"], environment)
        print(f"first recommend, network not yet written: {first:.2f} s")
        for command in commands.values():
            seconds(command, environment)
        times: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(rounds):
            for name, command in commands.items():
                times[name].append(seconds(command, environment))
    for name, values in times.items():
        print(f"{name:28} least {min(values):.3f} s  median {statistics.median(values):.3f} s")
    above = [b - a for a, b in zip(times["import numpy"], times["import numpy, cbrkit_xai"], strict=True)]
    print(f"cbrkit_xai above numpy: median of {rounds} differences {1000 * statistics.median(above):.1f} ms")


if __name__ == "__main__":
    main()
