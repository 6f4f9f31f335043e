"""What the paper's four methods cost on real photos, and whether what they say of themselves holds.

    python benchmarks/bench_explainers.py [PHOTO ...] [--photos 10]

Without photos, every nineteenth of the 200 beside the repository, or scikit-image's own where there are none.
Per photo and method: seconds and calls; the completeness gap of Integrated Gradients; and for Anchors the
lower bound of the precision, which is computed on one fresh sample, against the precision in a second one.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from statistics import median

import numpy as np

from cbrkit_xai import default_registry, explain, open_image
from cbrkit_xai.cli.demo import demo_photo
from cbrkit_xai_explainers.anchors import Anchors

METHODS = ("lime", "anchors", "ig", "xrai")
SAMPLES = 200


def photos_beside(count: int) -> list[Path]:
    folder = Path(__file__).resolve().parents[2] / "shared" / "coco200" / "images"
    found = sorted(folder.glob("*.jpg"))[4::19][:count]
    return [*found, demo_photo()] if found else sorted(demo_photo().parent.glob("c*.png"))[:count]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="*", type=Path, metavar="PHOTO")
    parser.add_argument("--photos", type=int, default=10)
    options = parser.parse_args()
    files = options.files or photos_beside(options.photos)
    model = default_registry().create("classifier", "efficientnet-lite0")
    seconds: dict[str, list[float]] = {method: [] for method in METHODS}
    calls: dict[str, list[int]] = {method: [] for method in METHODS}
    gaps, holds, vacuous = [], [], 0
    for file in files:
        image = open_image(file)
        told = []
        for method in METHODS:
            found = explain(image, method, classifier=model)
            seconds[method].append(found.seconds)
            calls[method].append(found.calls)
            told.append(f"{method} {found.seconds:.1f} s {found.calls} calls")
            if method == "ig":
                gaps.append(found.details["gap"])
                told[-1] += f" gap {found.details['gap']:.1%}"
            if method == "anchors":
                kept, fill = found.details["superpixels"], found.details["fill"]
                again = Anchors().precision_of(
                    image.pixels,
                    model,
                    found.target.index,
                    kept,
                    np.random.default_rng(1),
                    SAMPLES,
                    fill=fill,
                )
                holds.append(again.precision >= found.details["lower_bound"])
                vacuous += found.details["vacuous"]
                told[-1] += (
                    f" {len(kept)}/{found.details['superpixels_in_all']} {fill}"
                    f" at least {found.details['lower_bound']:.3f} second sample {again.precision:.3f}"
                    f"{'' if holds[-1] else ' FAILS'}"
                )
        print(f"{image.name}: {'; '.join(told)}", flush=True)
    print()
    for method in METHODS:
        took, asked = seconds[method], calls[method]
        print(
            f"{method}: median {median(took):.1f} s ({min(took):.1f} to {max(took):.1f}), "
            f"{median(asked):.0f} calls ({min(asked)} to {max(asked)})"
        )
    print(f"ig: gap under 5 % for {sum(gap < 0.05 for gap in gaps)} of {len(gaps)}")
    print(f"anchors: lower bound holds for {sum(holds)} of {len(holds)}, of which vacuous: {vacuous}")


if __name__ == "__main__":
    main()
