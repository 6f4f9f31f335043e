"""Finds a TF-Hub model: in a folder, or by its address, downloaded once."""

from __future__ import annotations

import hashlib
import http.client
import os
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from cbrkit_xai.cache import cache_folder
from cbrkit_xai.errors import CbrkitXaiError, ParameterError, first_sentence
from cbrkit_xai.tensorflow_import import tensorflow_hub
from cbrkit_xai_latent.installed import DISTRIBUTION

PAPER_HANDLE = "https://tfhub.dev/google/imagenet/inception_v3/feature_vector/5"
"""Of the paper's network: InceptionV3, trained on ImageNet."""

_CACHE = "TFHUB_CACHE_DIR"
_SECONDS = 10
_GRAPHS = ("saved_model.pb", "saved_model.pbtxt")
_OWN_MACHINE = ("127.0.0.1", "::1", "localhost")

_downloading = threading.Lock()
_hashes: dict[tuple[object, ...], str] = {}


class HubModelError(CbrkitXaiError):
    """A TF-Hub model that cannot be reached, loaded, or used as a feature vector."""


def check_handle(handle: str) -> None:
    """Refuse, without looking anything up, what can be neither an address nor a folder.

    Raises
    ------
    ParameterError
        Empty, or an address that anybody on the way could answer: a model is a program.
    """
    if handle.strip() and (not is_address(handle) or _is_trustworthy(handle)):
        return
    raise ParameterError(
        f"{handle!r} names no model",
        where="handle",
        allowed="an address https://HOST/..., without a password, or a folder",
    )


def is_address(handle: str) -> bool:
    """Whether a handle is one of a model hub, not a folder."""
    return "://" in handle


def local_folder(handle: str) -> Path:
    """Return the folder that holds a model; one with an address is downloaded the first time.

    Downloads are kept in $TFHUB_CACHE_DIR, or else in the cache folder of this project, not in the
    system's folder for temporary files, where others could put a model of theirs.

    Raises
    ------
    HubModelError
        There is no such model, or nobody answers within 10 seconds.
    MissingDependencyError
        tensorflow-hub is not installed.
    """
    if not is_address(handle):
        folder = Path(handle).expanduser()
        _check_folder(folder)
        return folder
    hub = tensorflow_hub(DISTRIBUTION)
    with _downloading, _kept_in(_models_folder()):
        if not _is_downloaded(handle):
            _check_reachable(handle)
        try:
            return Path(hub.resolve(handle))
        except Exception as error:  # of the network, the archive or the disk
            if isinstance(error, urllib.error.HTTPError):
                error.close()
            raise _unreachable(handle, error) from error


def content_hash(handle: str) -> str:
    """Return a sha256 over the files that make up a folder's SavedModel: graph, variables and assets.

    Raises
    ------
    HubModelError
        The folder holds no SavedModel.
    """
    folder = local_folder(handle)
    files = sorted(_files(folder), key=lambda file: file.relative_to(folder).as_posix())
    states = [(str(file.absolute()), (state := file.stat()).st_size, state.st_mtime_ns) for file in files]
    key = tuple(states)
    if key not in _hashes:  # hundreds of megabytes, asked for with each photo
        total = hashlib.sha256()
        for file in files:
            with file.open("rb") as content:
                digest = hashlib.file_digest(content, "sha256").hexdigest()
            total.update(f"{digest} {file.relative_to(folder).as_posix()}\n".encode())
        _hashes[key] = total.hexdigest()
    return _hashes[key]


def _is_trustworthy(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    if (
        not parts.hostname or parts.username
    ):  # a fingerprint, which case bases hold, is no place for a password
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _OWN_MACHINE)


def _files(folder: Path) -> Iterator[Path]:
    yield from (folder / name for name in _GRAPHS if (folder / name).is_file())
    for part in ("variables", "assets"):
        yield from (file for file in (folder / part).rglob("*") if file.is_file())


def _check_folder(folder: Path) -> None:
    if any((folder / name).is_file() for name in _GRAPHS):
        return
    found = "a folder without saved_model.pb" if folder.is_dir() else "no folder"
    raise HubModelError(
        f"there is no model here, but {found}",
        where=str(folder),
        allowed="a folder with saved_model.pb and variables/",
        next_step="unpack the model's archive and name its folder",
    )


def _models_folder() -> Path:
    chosen = os.environ.get(_CACHE)
    return Path(chosen) if chosen else cache_folder() / "tfhub"


@contextmanager
def _kept_in(folder: Path) -> Iterator[None]:
    before = os.environ.get(_CACHE)
    os.environ[_CACHE] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ[_CACHE]
        else:
            os.environ[_CACHE] = before


def _is_downloaded(handle: str) -> bool:
    # tensorflow_hub's name for it; were it another some day, only being offline would cost an error
    folder = _models_folder() / hashlib.sha1(handle.encode(), usedforsecurity=False).hexdigest()
    return folder.is_dir() and any(folder.iterdir())


def _check_reachable(handle: str) -> None:
    """Ask before tensorflow_hub does, which would wait for an answer for ever."""
    request = urllib.request.Request(handle, method="HEAD")  # noqa: S310 - `check_handle` allows no file:
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS):  # noqa: S310 - the same
            pass
    except urllib.error.HTTPError as error:  # somebody answers: whether there is a model, the download tells
        error.close()
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise _unreachable(handle, error) from error


def _unreachable(handle: str, error: Exception) -> HubModelError:
    return HubModelError(
        f"the model cannot be downloaded: {first_sentence(error)[:200]}",
        where=handle,
        next_step="download it where there is a network, and name its unpacked folder: handle='FOLDER'",
    )
