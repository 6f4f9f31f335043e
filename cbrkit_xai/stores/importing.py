"""Turn a file of votes and a folder of photos into a case base, wholly or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from cbrkit_xai.case import Case, Source
from cbrkit_xai.case_base import CaseBase
from cbrkit_xai.choice import Use
from cbrkit_xai.errors import CaseBaseError, ImageError, InternalError, VotesError
from cbrkit_xai.features import Array
from cbrkit_xai.images import Image, encode_png, open_image
from cbrkit_xai.stores.addition import Addition
from cbrkit_xai.stores.admission import refuse_second_import
from cbrkit_xai.stores.connections import connected_to_read
from cbrkit_xai.stores.describing import Describer
from cbrkit_xai.stores.embedded import CaseStore, load
from cbrkit_xai.stores.publishing import check_free, new_file
from cbrkit_xai.stores.votes_files import parse_votes
from cbrkit_xai.stores.votes_table import VotesRow, VotesTable, refuse

if TYPE_CHECKING:
    from cbrkit_xai.protocols import Classifier, Progress, Representation


@attrs.frozen(kw_only=True)
class _Photo:
    sha256: str
    name: str
    features: Mapping[str, Array]


def import_votes(
    votes_path: str | Path,
    images_folder: str | Path,
    output: str | Path,
    *,
    source: Source,
    representations: Mapping[str, Representation] | None = None,
    uses: Mapping[str, Use] | None = None,
    embed: bool = False,
    name: str | None = None,
    about: str = "",
    append: bool = False,
    allow_mixed: bool = False,
    classifier: Classifier | None = None,
    progress: Progress | None = None,
) -> CaseBase:
    """Make a case base from votes and photos, or add to one.

    Everything is checked before anything is written: a mistake in one row, or one photo that
    does not open, and nothing is imported; all mistakes are told together.

    Parameters
    ----------
    votes_path : path
        A file that `read_votes` reads.
    images_folder : path
        Where its photos are.
    output : path
        The case base: nothing may be there, unless it is added to.
    source : {"human", "automatic"}
        Whether people voted or judges computed.
    representations : mapping of fingerprint to Representation, optional
        What each photo is described by.
    uses : mapping of fingerprint to Use, optional
        What makes those.
    embed : bool
        Put each photo's 224 x 224 pixels into the file, too, without loss.
    name : str, optional
        The base's, for people; by default the file's name.
    about : str
        What the base's reader must know first.
    append : bool
        Add to the base at `output`, in one transaction.
    allow_mixed : bool
        Let votes of people and of judges come together in one base.
    classifier : Classifier, optional
        Whose classes were explained, where the file does not say.
    progress : callable, optional
        Called with (photos done, photos in all).

    Raises
    ------
    VotesError
        With all that is wrong, a line each; also that a named voter has voted before.
    CaseBaseError
        The output cannot be made or added to.
    """
    output = Path(output)
    describer = Describer.of(representations or {}, uses or {})
    if append:
        held = load(output)
        if not allow_mixed:
            held.refuse_mixing(source)
    else:
        check_free(output)
    table, problems = parse_votes(votes_path, source=source, images=images_folder, classifier=classifier)
    if append:
        _refuse_second_import(output, table)
    photos = _open_photos(table, problems, describer, progress)
    refuse(table.path, problems)
    additions = _additions(table, photos, embed)
    if append:
        with CaseStore.open(output) as store:
            # In memory first: nobody else should wait for photos to be read again.
            _store(store, list(additions), table, describer, allow_mixed)
    else:
        with (
            new_file(output) as temporary,
            CaseStore.create(temporary, name=output.stem if name is None else name, about=about) as store,
        ):
            _store(store, additions, table, describer, allow_mixed)
    return load(output)


def _open_photos(
    table: VotesTable, problems: list[tuple[int, str]], describer: Describer, progress: Progress | None
) -> dict[Path, _Photo]:
    """Open each photo once; as soon as anything is wrong, only to tell what else is."""
    first_rows: dict[Path, VotesRow] = {}
    for row in table.rows:
        first_rows.setdefault(_path(row), row)
    photos: dict[Path, _Photo] = {}
    for done, (path, row) in enumerate(first_rows.items(), start=1):
        try:
            image = open_image(path)
        except ImageError as error:
            problems.append((row.number, f"row {row.number}: {error}"))
        else:
            features = {} if problems else describer.describe(image)
            photos[path] = _Photo(sha256=image.sha256, name=image.name, features=features)
        if progress is not None:
            progress(done, len(first_rows))
    return photos


def _additions(table: VotesTable, photos: Mapping[Path, _Photo], embed: bool) -> Iterator[Addition]:
    """Give a case for each photo and class, with the ballots of all its rows."""
    by_explanation: dict[tuple[Path, str, int], list[VotesRow]] = {}
    for row in table.rows:
        whose = ("", -1) if row.target is None else (row.target.classifier, row.target.index)
        by_explanation.setdefault((_path(row), *whose), []).append(row)
    for (path, _, _), rows in by_explanation.items():
        photo = photos[path]
        yield Addition(
            case=Case(
                id=rows[0].id,
                image_sha256=photo.sha256,
                image_name=photo.name,
                ballots=[row.ballot for row in rows],
                target=rows[0].target,
            ),
            features=photo.features,
            pixels=encode_png(_same(path, photo).pixels) if embed else None,
            path=path,
            origin_rows=[row.number for row in rows],
        )


def _same(path: Path, photo: _Photo) -> Image:
    image = open_image(path)
    if image.sha256 != photo.sha256:
        raise CaseBaseError("changed while it was imported", where=str(path), next_step="import again")
    return image


def _refuse_second_import(output: Path, table: VotesTable) -> None:
    # Before photos are opened; the store asks once more, inside its transaction.
    with connected_to_read(output) as connection:
        refuse_second_import(connection, table.path.name, table.sha256, where=str(output))


def _store(
    store: CaseStore,
    additions: Iterable[Addition],
    table: VotesTable,
    describer: Describer,
    allow_mixed: bool,
) -> None:
    try:
        store.add_many(
            additions,
            representations=describer.uses,
            origin=table.path.name,
            origin_sha256=table.sha256,
            allow_mixed=allow_mixed,
        )
    except VotesError as error:
        error.where = str(table.path)  # the rows are its; a new base has no name of its own yet
        raise


def _path(row: VotesRow) -> Path:
    if row.path is None:
        raise InternalError(f"row {row.number} has no photo", next_step="report this as a bug")
    return row.path
