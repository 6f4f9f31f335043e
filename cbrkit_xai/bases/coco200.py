"""Build the bundled case base `coco200-auto`: 200 photos, explained by four methods, voted on by judges.

`python -m cbrkit_xai.bases.coco200 SOURCE_DIR -o FILE`, where SOURCE_DIR holds the photos and the
judges' scores. The photos themselves stay out of the file, since their licences ask for it: it
has their hashes, names, histograms and latent vectors. Every photo has at least one judge that could
decide, so none is left out.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from cbrkit_xai.bases.judges_votes import METHODS, check_sums, judges_ballots, read_table
from cbrkit_xai.case import Case, Target
from cbrkit_xai.choice import use
from cbrkit_xai.errors import CaseBaseError, CbrkitXaiError
from cbrkit_xai.images import open_image
from cbrkit_xai.stores.addition import Addition
from cbrkit_xai.stores.describing import Describer
from cbrkit_xai.stores.embedded import CaseStore
from cbrkit_xai.stores.exporting import export
from cbrkit_xai.stores.publishing import check_free

if TYPE_CHECKING:
    from cbrkit_xai.protocols import Classifier
    from cbrkit_xai.registry import Registry

NAME = "coco200-auto"

ABOUT = """\
Nobody voted here: five automatic judges of two families did, on explanations of one small \
classifier (EfficientNet-Lite0) for 200 COCO photos, which are not what it was trained on. The judges \
measure how faithful an explanation is to the classifier, and how well it hits the objects; \
neither says which explanation people prefer. LIME leads, alone or tied, on seven photos in ten, not \
least because three of the judges hide superpixels, as LIME itself does. Similar photos do not get \
similar votes here: similarity predicts no better than the overall average. Good for trying the \
software out, not evidence about explanations. Seconds per method are rough."""

REPRESENTATIONS = (use("histogram"), use("latent"))


def build(source: Path, destination: Path, registry: Registry | None = None) -> None:
    """Make the case base; the same source and versions give the same file.

    Parameters
    ----------
    source : Path
        The folder with `images/` and the CSV files.
    destination : Path
        Where nothing is yet.
    registry : Registry, optional
        Knows the representations and the classifier; by default `default_registry()`.

    Raises
    ------
    CbrkitXaiError
        The source is not as described, or the destination is taken.
    """
    if registry is None:
        from cbrkit_xai.registry import default_registry

        registry = default_registry()
    check_free(destination)
    classifier = registry.create("classifier", use("efficientnet-lite0"))
    components = [(registry.create("representation", choice), choice) for choice in REPRESENTATIONS]
    describer = Describer.of(
        {component.fingerprint: component for component, _ in components},
        {component.fingerprint: choice for component, choice in components},
    )
    additions = _additions(source, classifier, describer)
    with tempfile.TemporaryDirectory() as folder:
        working = Path(folder) / "working.cbr"
        # No times: they would make each build another file.
        with CaseStore.create(working, name=NAME, about=ABOUT, clock=lambda: None) as store:
            store.add_many(additions, representations=describer.uses, origin="coco200")
        export(working, destination)


def _additions(source: Path, classifier: Classifier, describer: Describer) -> Iterator[Addition]:
    ballots = judges_ballots(source / "votes-auto-judges.csv")
    check_sums(ballots, source / "votes-auto.csv")
    published = {Path(row["file"]).name: row["sha256"] for row in read_table(source / "manifest.csv")}
    for run in read_table(source / "runs-auto.csv"):
        image = open_image(source / "images" / run["image"])
        if image.sha256 != published[run["image"]]:
            raise CaseBaseError("is not the photo that was judged", where=image.path, next_step="restore it")
        index = int(run["target"])
        yield Addition(
            case=Case(
                id=Path(run["image"]).stem,
                image_sha256=image.sha256,
                image_name=image.name,
                ballots=ballots[run["image"]],
                target=Target(
                    classifier=classifier.fingerprint,
                    index=index,
                    label=classifier.labels[index],
                    probability=float(run["confidence"]),
                ),
                seconds={method: float(run[f"{method}_seconds"]) for method in METHODS},
            ),
            features=describer.describe(image),
        )


def main(arguments: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m cbrkit_xai.bases.coco200", description=__doc__)
    parser.add_argument(
        "source", type=Path, metavar="SOURCE_DIR", help="folder with images/ and the CSV files"
    )
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="FILE", help="where nothing is yet"
    )
    chosen = parser.parse_args(arguments)
    try:
        build(chosen.source, chosen.output)
    except (CbrkitXaiError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
