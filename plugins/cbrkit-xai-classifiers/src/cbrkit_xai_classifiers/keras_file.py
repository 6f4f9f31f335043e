"""Refuses model files that could carry code, or have other files read, before Keras opens them."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cbrkit_xai.errors import ClassifierError, ConfigurationError
from cbrkit_xai_classifiers.guarded_file import MAX_MODEL_BYTES, MAX_TEXT_BYTES, check_file

_CONFIG = "config.json"
_MOST_UNPACKED = 2 * MAX_MODEL_BYTES

_RUN_CODE = ("Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer")
"""Layers that hold code, or load it from elsewhere."""

_NAMES_A_FILE = re.compile(r"(.*_)?(vocabulary|path|file|file_?path|file_?name)")
"""Settings of layers that, where they are texts, say which file of this machine to read."""

_REASONS = {
    ".h5": "HDF5 files of older Kerases can carry Python code",
    ".hdf5": "HDF5 files of older Kerases can carry Python code",
    ".pb": "a SavedModel is a program, not just weights",
    ".pkl": "unpickling runs whatever code the file holds",
    ".pickle": "unpickling runs whatever code the file holds",
    ".joblib": "unpickling runs whatever code the file holds",
}
_OWN_CODE = "name a function of yours that builds the model: python:package.module:factory"


def check_keras_file(path: str) -> None:
    """Refuse a file that is no `.keras` file by its name; its content is looked at when it is loaded.

    Raises
    ------
    ConfigurationError
        It is missing, too large, or of another kind.
    """
    suffix = Path(path).suffix.lower()
    is_folder = Path(path).is_dir()
    if is_folder or suffix != ".keras":
        reason = _REASONS[".pb"] if is_folder else _REASONS.get(suffix, "it is of another kind")
        raise ConfigurationError(
            f"{path!r} is {'a folder' if is_folder else 'no .keras file'}: {reason}",
            where="file",
            allowed="a .keras file",
            next_step="save it in Keras 3 with model.save('model.keras')",
        )
    check_file(path, most_bytes=MAX_MODEL_BYTES, where="file")


def check_keras_content(path: str) -> None:
    """Refuse a `.keras` file with layers that are not Keras's own, run code, or read other files.

    Keras refuses some of this itself, which parts depends on its version.

    Raises
    ------
    ClassifierError
        It is no such file, or holds such a layer.
    """
    for part in _parts(_config(path)):
        name, module = part["class_name"], part.get("module")
        if name in _RUN_CODE:
            raise ClassifierError(
                f"it has a {name} layer, which runs code that the file brings or names",
                where=path,
                allowed="layers without code of their own",
                next_step=f"replace it by layers of Keras's, or {_OWN_CODE}",
            )
        is_own = module is None or module == "keras" or str(module).startswith("keras.")
        if not is_own or part.get("registered_name") not in (None, name):
            raise ClassifierError(
                f"it has a part {name!r} that is not Keras's own ({part.get('registered_name') or module})",
                where=path,
                allowed="layers of Keras's",
                next_step=_OWN_CODE,
            )
        _check_names_no_file(part, path)


def _check_names_no_file(part: dict[str, Any], path: str) -> None:
    config = part.get("config")
    for name, value in config.items() if isinstance(config, dict) else ():
        if isinstance(value, str) and _NAMES_A_FILE.fullmatch(name):
            raise ClassifierError(
                f"its {part['class_name']} layer reads another file: {name} is {value[:80]!r}",
                where=path,
                allowed="a model that holds all it needs",
                next_step=f"give the layer the content of that file, and save it again; or {_OWN_CODE}",
            )


def _config(path: str) -> dict[str, Any]:
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(member.file_size for member in archive.infolist()) > _MOST_UNPACKED:
                raise _no_model(path, f"it unpacks to more than {_MOST_UNPACKED:,} bytes")
            if archive.getinfo(_CONFIG).file_size > MAX_TEXT_BYTES:
                raise _no_model(path, f"its {_CONFIG} is larger than {MAX_TEXT_BYTES:,} bytes")
            config = json.loads(archive.read(_CONFIG))
    except KeyError as error:
        raise _no_model(path, f"it has no {_CONFIG} in it") from error
    except (ValueError, RecursionError) as error:
        raise _no_model(path, f"its {_CONFIG} is no JSON") from error
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError) as error:
        raise _no_model(path, f"it is no zip archive ({error})") from error
    if (
        not isinstance(config, dict)
        or "class_name" not in config
        or not isinstance(config.get("config"), dict)
    ):
        raise _no_model(path, f"its {_CONFIG} describes no model")
    # What it was trained with, which is not loaded, may well be the user's own.
    return {name: value for name, value in config.items() if name != "compile_config"}


def _parts(value: Any) -> Iterator[dict[str, Any]]:
    """Yield everything in a config that names a class."""
    pending = [value]
    while pending:
        one = pending.pop()
        if isinstance(one, dict):
            if isinstance(one.get("class_name"), str):
                yield one
            pending.extend(one.values())
        elif isinstance(one, list):
            pending.extend(one)


def _no_model(path: str, what: str) -> ClassifierError:
    return ClassifierError(
        what,
        where=path,
        allowed="a model that Keras 3 saved",
        next_step="save it again with model.save('model.keras')",
    )
