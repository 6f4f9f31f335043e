"""Opens an ONNX file and finds its input and its answer."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import attrs

from cbrkit_xai.errors import ClassifierError, ConfigurationError, MissingDependencyError, nearest_spelling
from cbrkit_xai.features import Array
from cbrkit_xai_classifiers.input_format import InputFormat, input_format, shown
from cbrkit_xai_classifiers.settings import Settings

_MOST_THREADS = 4  # a photo takes milliseconds: more threads wait for each other
_FATAL = 4  # what goes wrong is raised; printed as well it would stand there twice
_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "tensor(float)": "float32",
        "tensor(double)": "float64",
        "tensor(float16)": "float16",
        "tensor(uint8)": "uint8",
    }
)


@attrs.frozen(kw_only=True, eq=False)
class OnnxNetwork:
    """A network in onnxruntime.

    Parameters
    ----------
    session : onnxruntime.InferenceSession
        Runs it; safe for threads, not for forked processes.
    input_name, output_name : str
        What it takes and what is its answer.
    format : InputFormat
        Of its input.
    model : str
        Its file, for errors.
    """

    session: Any
    input_name: str
    output_name: str
    format: InputFormat
    model: str

    @classmethod
    def open(
        cls, content: bytes, *, model: str, output_name: str | None, settings: Settings | None
    ) -> OnnxNetwork:
        """Open the content of an ONNX file.

        Raises
        ------
        ClassifierError
            It is no ONNX model, or none for photos.
        ConfigurationError
            The settings contradict it, or do not say what it leaves open.
        MissingDependencyError
            onnxruntime is not installed.
        """
        session = _session(content, model)
        inputs = session.get_inputs()
        if len(inputs) != 1:
            names = ", ".join(one.name for one in inputs)
            raise ClassifierError(
                f"it takes {len(inputs)} inputs ({names})", where=model, allowed="one: the photos"
            )
        (photos,) = inputs
        if photos.type not in _TYPES:
            raise ClassifierError(
                f"its input {photos.name!r} is a {photos.type}", where=model, allowed=", ".join(_TYPES)
            )
        return cls(
            session=session,
            input_name=photos.name,
            output_name=_answer(session.get_outputs(), model, output_name, settings),
            format=input_format(_shape(photos.shape), _TYPES[photos.type], model=model, settings=settings),
            model=model,
        )

    def run(self, inputs: Array) -> Array:
        """Return its answer to one chunk of its input.

        Raises
        ------
        ClassifierError
            It fails.
        """
        try:
            (answer,) = self.session.run([self.output_name], {self.input_name: inputs})
        except Exception as error:  # onnxruntime's own have no common base
            size = f"{self.format.height} x {self.format.width}"
            raise ClassifierError(
                f"it fails on photos of {size} pixels: {_reason(error)}",
                where=self.model,
                next_step="check size and layout in its settings",
            ) from error
        return answer


def _session(content: bytes, model: str) -> Any:
    try:
        import onnxruntime
    except ModuleNotFoundError as error:
        raise MissingDependencyError(
            f"the module {error.name!r} is not installed", where=model, next_step="pip install onnxruntime"
        ) from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = min(_available_processors(), _MOST_THREADS)
    options.inter_op_num_threads = 1
    options.log_severity_level = _FATAL
    with tempfile.TemporaryDirectory() as empty:
        # Weights in other files are looked for where there are none: such a model could read any file, and
        # its fingerprint would not change with its weights.
        options.add_session_config_entry("session.model_external_initializers_file_folder_path", empty)
        try:
            return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's own have no common base
            raise _no_model(content, error, model) from error


def _no_model(content: bytes, error: Exception, model: str) -> ClassifierError:
    reason = _reason(error)
    if "external data" in reason.lower() or "external_data" in reason.lower():
        return ClassifierError(
            "its weights are in other files",
            where=model,
            allowed="one file that holds all",
            next_step="save it in one: onnx.save(onnx.load(file), file, save_as_external_data=False)",
        )
    if content[:2] in (b"PK", b"\x80\x02", b"\x80\x04"):
        return ClassifierError(
            "it is no ONNX model, and looks like one that PyTorch saved",
            where=model,
            allowed="an ONNX file",
            next_step="export it with torch.onnx.export, or name a function: python:package.module:factory",
        )
    return ClassifierError(
        f"it cannot be read as an ONNX model: {reason}",
        where=model,
        allowed="an ONNX file that onnxruntime can run",
        next_step="export it again",
    )


def _answer(outputs: Sequence[Any], model: str, stated: str | None, settings: Settings | None) -> str:
    names = [one.name for one in outputs]
    if stated is not None:
        if stated not in names:
            raise ConfigurationError(
                f"the model has no output {stated!r}",
                where=f"{settings.where if settings else model}: output_name",
                allowed=", ".join(names),
                next_step=nearest_spelling(stated, names),
            )
        return stated
    if len(names) == 1:
        return str(names[0])
    tables = [one.name for one in outputs if one.type in _TYPES and len(_shape(one.shape)) == 2]
    if len(tables) != 1:
        shapes = ", ".join(f"{one.name} {shown(_shape(one.shape))}" for one in outputs)
        raise ConfigurationError(
            f"it has {len(names)} outputs, so 'output_name' must be said",
            where=settings.where if settings else model,
            allowed=shapes,
            next_step="say which one has a number for each class",
        )
    return str(tables[0])


def _shape(declared: Sequence[Any] | None) -> list[int | None]:
    """Return a shape; what is no length above 0 (a name, nothing, -1) is open."""
    return [one if isinstance(one, int) and one > 0 else None for one in declared or ()]


def _reason(error: Exception) -> str:
    """Return what onnxruntime says, on one line and without its own name and code."""
    text = " ".join(str(error).split())
    return text.split(" : ", 3)[-1][:300].rstrip(". ")


def _available_processors() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on this system
        return os.cpu_count() or 1
