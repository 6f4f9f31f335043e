"""Read a file of votes, and tell all that is wrong with it at once.

Two layouts are known, separated by commas, semicolons or tabs, in UTF-8:

- wide: a column `image`, and a column of votes for each method (`lime`, `anchors`, `ig`, `xrai`
  or any other). A blank cell says that nobody was asked, `0` that no vote was given. A method's
  name is brought to lower kebab-case: `IG` is `ig`, `Grad CAM` is `grad-cam`. Optional columns:

  ============================= =============================================================
  `id`                          the case's id; by default the photo's name without ending
  `target`                      index of the class that was explained
  `label`                       its name
  `probability` or `confidence` what the classifier gave it, 0 to 1
  `classifier`                  fingerprint of the classifier; needed with `target`, unless a
                                classifier is given when reading
  `voter`                       who voted; a photo has several rows if each has its own voter
  `family`                      of the voter: judges of one family are one idea
  ============================= =============================================================

- one vote a row: `id;classification;confidence;method`, as the predecessor wrote: the photo (its
  name without ending, or number), the name of the class, its confidence, and the method that won.
  The other methods of the file count as asked, and withheld. The class becomes the case's target
  where a classifier is given that knows its name; otherwise it is left out.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cbrkit_xai.case import SOURCES, Source
from cbrkit_xai.errors import ParameterError, VotesError
from cbrkit_xai.stores.photo_folder import PhotoFolder
from cbrkit_xai.stores.single_votes import HEADER, parse_single
from cbrkit_xai.stores.votes_cells import read_cells
from cbrkit_xai.stores.votes_table import VotesTable, refuse
from cbrkit_xai.stores.wide_votes import parse_wide

if TYPE_CHECKING:
    from cbrkit_xai.protocols import Classifier


def read_votes(
    path: str | Path,
    *,
    source: Source,
    images: str | Path | None = None,
    classifier: Classifier | None = None,
) -> VotesTable:
    """Read a file of votes.

    Parameters
    ----------
    path : path
        The file.
    source : {"human", "automatic"}
        Whether people voted or judges computed.
    images : path, optional
        The folder of photos, in which each row's photo is then looked for.
    classifier : Classifier, optional
        Whose classes were explained, where the file does not say.

    Raises
    ------
    VotesError
        With all that is wrong in the file, a line each.
    """
    table, problems = parse_votes(path, source=source, images=images, classifier=classifier)
    refuse(table.path, problems)
    return table


def parse_votes(
    path: str | Path,
    *,
    source: Source,
    images: str | Path | None = None,
    classifier: Classifier | None = None,
) -> tuple[VotesTable, list[tuple[int, str]]]:
    """Return the rows that are sound, and of the others row number and problem.

    Raises
    ------
    VotesError
        The file cannot be read at all.
    """
    path = Path(path)
    if source not in SOURCES:
        raise ParameterError(
            f"{source!r} is not a source of votes", where="source", allowed="'human' or 'automatic'"
        )
    folder = None if images is None else PhotoFolder(folder=Path(images))
    cells = read_cells(path)
    parse = parse_single if [name.lower() for name in cells.header] == HEADER else parse_wide
    methods, rows, problems = parse(cells, source=source, folder=folder, classifier=classifier)
    problems = [*cells.problems, *problems]
    if not cells.rows and not problems:
        raise VotesError(
            "has a header, but no rows of votes", where=str(path), next_step="add a row for each photo"
        )
    return VotesTable(path=path, sha256=cells.sha256, methods=methods, rows=rows), problems
