"""The example that stands beside each component in the reference, and what it prints."""

from __future__ import annotations

import contextlib
import io
from typing import Any

from cbrkit_xai.components import ComponentPlugin
from cbrkit_xai.structuring import required_parameters

SETUP = {
    "representation": """\
from cbrkit_xai import default_registry, use
from cbrkit_xai.testing.small_base import made_up_photo

create = default_registry().create
photos = made_up_photo(0, 1)[None]
""",
    "metric": """\
import numpy as np
from cbrkit_xai import default_registry, use
from cbrkit_xai.testing.small_base import made_up_photo

create = default_registry().create
rows = np.array([[4.0, 0.0, 2.0], [1.0, 3.0, 2.0], [0.0, 0.0, 9.0]])
photos = np.stack([made_up_photo(colour, 1) for colour in range(3)])
several = {"colour": rows, "content": rows[:, ::-1]}
""",
    "aggregator": """\
import numpy as np
from cbrkit_xai import default_registry, use

create = default_registry().create
rows = np.array([[1.0, 0.0], [2.0, 0.0], [3.0, 9.0], [2.0, 1.0]])
""",
    "organizer": """\
import numpy as np
from cbrkit_xai import Cases, default_registry, use

create = default_registry().create
euclidean, mean = create("metric", "euclidean"), create("aggregator", "mean")
places = np.array([0, 1, 2, 3, 50, 51, 52, 53, 90, 91, 92, 93], dtype=float)[:, None]
votes = np.repeat([[5, 0], [1, 4], [2, 3]], 4, axis=0)  # for lime and xrai
cases = Cases(ids=list("abcdefghijkl"), features=places, votes=votes, methods=["lime", "xrai"])
""",
    "reuse-strategy": """\
import numpy as np
from cbrkit_xai import Entries, default_registry, use
from cbrkit_xai.testing.reuse_laws import leave_one_out, training_cases

create = default_registry().create
known = training_cases()  # what a strategy that learns is fitted to
entries = Entries(
    ids=["a", "b", "c"],
    features=np.zeros((3, 1)),
    members=[["a"], ["b"], ["c"]],
    is_prototype=[False] * 3,
    votes=[[5, 0, 1, 0], [4, 1, 2, 0], [0, 6, 1, 0]],
)
neighbours = entries.nearest(np.array([[1.0, 2.0, 4.0]]), k=3)
""",
    "retention-policy": """\
import numpy as np
from cbrkit_xai import Ballot, Case, Entries, default_registry, use
from cbrkit_xai.testing.reuse_laws import leave_one_out, training_cases

create = default_registry().create
known = training_cases()
ballot = Ballot(votes={"lime": 4, "xrai": 1}, source="human")
offered = Case(id="new", image_sha256="0" * 64, ballots=[ballot])
entries = Entries(
    ids=["a", "b"],
    features=np.zeros((2, 1)),
    members=[["a"], ["b"]],
    is_prototype=[False] * 2,
    votes=[[5, 0, 1, 0], [0, 6, 1, 0]],
)
neighbours = entries.nearest(np.array([[1.0, 2.0]]), k=2)
""",
    "explainer": """\
import numpy as np
from cbrkit_xai import default_registry, use
from cbrkit_xai.testing.small_classifier import Redness, photo

create = default_registry().create
image = photo(3)  # 32 x 40, with a red disc
red = 0
""",
    "classifier": """\
from cbrkit_xai import default_registry, use
from cbrkit_xai.testing.small_base import made_up_photo

create = default_registry().create
photos = made_up_photo(0, 1)[None]
""",
}
"""What stands once at the top of a page."""

_SMALLER: dict[str, dict[str, Any]] = {
    "lime": {"samples": 200},
    "rise": {"samples": 200},
    "anchors": {"max_samples": 100},
    "hdbscan-prototypes": {"min_cluster_size": 3},
}
"""Parameters of components whose defaults are made for more cases, or larger photos."""


_LONG = 60
"""More characters than this stand on lines of their own, above the line that uses them."""


def choice_of(record: ComponentPlugin) -> tuple[str, str]:
    """Return what stands above a component's example, and how the example names the component."""
    parameters: dict[str, Any] = {}
    if required_parameters(record.resolve()):
        parameters = dict(record.examples[0]) if record.examples else {}
    parameters |= _SMALLER.get(record.name, {})
    named = [f'"{record.name}"']
    named += [f"{name}={value!r}".replace("'", '"') for name, value in parameters.items()]
    choice = f"use({', '.join(named)})"
    if len(choice) <= _LONG:
        return "", choice
    lines = "".join(f"    {one},\n" for one in named)
    return f"chosen = use(\n{lines})\n", "chosen"


def example_of(record: ComponentPlugin) -> str:
    """Return the Python that shows a component at work."""
    above, choice = choice_of(record)
    return above + _shown(record, f'create("{record.kind}", {choice})')


def _shown(record: ComponentPlugin, made: str) -> str:
    learns = hasattr(record.resolve(), "fitted")
    match record.kind:
        case "metric":
            given = {"pixels": "photos", "several": "several"}.get(getattr(record, "accepts", ""), "rows")
            return f"metric = {made}\nprint(metric.pairwise({given}, {given}).round(3))\n"
        case "representation" if getattr(record, "yields", "") == "several":
            shapes = "{name: part.shape for name, part in found.items()}"
            return f"found = {made}.describe(photos)\nprint({shapes})\n"
        case "representation":
            return f"found = {made}.describe(photos)\nprint(found.shape, found.dtype)\n"
        case "aggregator":
            return f"print({made}.aggregate(rows).round(3))\n"
        case "organizer":
            return (
                f"organizer = {made}\nindex = organizer.organize(cases, euclidean, mean)\n"
                "nearest = index.nearest(np.array([[2.2]]), k=2).ids(0)\n"
                'print(len(index.entries), "entries; nearest to 2.2:", *nearest)\n'
            )
        case "reuse-strategy":
            fitted = ".fitted(known, leave_one_out(known))" if learns else ""
            return f"strategy = {made}{fitted}\nprint(strategy.reuse(neighbours).round(3))\n"
        case "retention-policy":
            fitted = ".fitted(known, leave_one_out(known))" if learns else ""
            return f"policy = {made}{fitted}\nprint(policy.keeps(offered, neighbours))\n"
        case "explainer":
            return (
                f"explainer = {made}\n"
                "explanation = explainer.explain(image, Redness(), red, np.random.default_rng(0))\n"
            )
        case _:
            return f"print({made}.predict(photos).shape)\n"


def printed_by(kind: str, examples: list[str]) -> list[str]:
    """Run the examples of a page, one after the other, and return what each prints."""
    names: dict[str, Any] = {}
    exec(SETUP[kind], names)  # noqa: S102 - our own documentation
    found = []
    for example in examples:
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(example, names)  # noqa: S102 - our own documentation
        found.append(printed.getvalue())
    return found
