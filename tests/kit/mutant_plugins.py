"""Plugins with one planted fault each; what is about files is written to a folder of its own."""

import atexit
import importlib
import itertools
import shutil
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import attrs
import numpy as np
from mutants import Mutant, plant

from cbrkit_xai import AggregatorPlugin, MetricPlugin, hookimpl

REGISTERS = "registers-its-components"
SAME_AGAIN = "gives-the-same-components-again"
LIGHT = "loads-nothing-heavy"
NAMES = "claims-names-of-its-own"
SUMMARY = "sums-itself-up-in-a-line"
MAKES = "makes-every-component"
NEEDS = "names-what-it-needs"


class Straight:
    def pairwise(self, queries, references):
        return np.sqrt(((queries[:, None] - references[None]) ** 2).sum(axis=-1))


@attrs.frozen(kw_only=True)
class Powered(Straight):
    p: float


class WithoutMethod:
    def distance(self, query, reference):
        return float(np.abs(query - reference).sum())


def metric(**changes):
    """A record without a fault, but for the changes."""
    whole = {"name": "planted", "summary": "Straight-line distance", "source": "planted", "factory": Straight}
    return MetricPlugin(**{**whole, **changes})


def plugin(*records, hook="cbrkit_xai_metrics"):
    """An object whose hook gives these records."""
    return giving(lambda: records, hook)


def giving(function, hook="cbrkit_xai_metrics"):
    """An object with that hook."""
    function.__name__ = hook
    return SimpleNamespace(**{hook: hookimpl(function)})


def plant_plugin(name, made, *, caught_by, fault):
    plant(Mutant(kind="plugin", name=name, made=made, caught_by=caught_by, fault=fault))


def raising():
    raise RuntimeError("no licence was found")


def yielding_until_it_raises():
    yield metric()
    raise RuntimeError("no licence was found")


plant_plugin(
    "misspelt-hook",
    plugin(metric(), hook="cbrkit_xai_metric"),
    caught_by=REGISTERS,
    fault="misspells its hook, which would be passed over in silence",
)
plant_plugin(
    "unmarked-hook",
    SimpleNamespace(cbrkit_xai_metrics=lambda: [metric()]),
    caught_by=REGISTERS,
    fault="forgets to mark its hook",
)
plant_plugin("raising-hook", giving(raising), caught_by=REGISTERS, fault="raises when it is listed")
plant_plugin(
    "hook-that-raises-late",
    giving(yielding_until_it_raises),
    caught_by=REGISTERS,
    fault="raises after its first record",
)
plant_plugin(
    "hook-without-return",
    giving(lambda: None),
    caught_by=REGISTERS,
    fault="makes its record, and returns nothing",
)
plant_plugin(
    "record-of-another-kind",
    plugin(AggregatorPlugin(name="planted", summary="Middle", source="planted", factory=Straight)),
    caught_by=REGISTERS,
    fault="gives an aggregator where metrics are asked for",
)
plant_plugin(
    "class-for-record", plugin(Straight), caught_by=REGISTERS, fault="gives its class without a record"
)

ONCE = iter([metric()])
COUNTED = itertools.count()
plant_plugin(
    "one-shot-iterator",
    giving(lambda: ONCE),
    caught_by=SAME_AGAIN,
    fault="keeps an iterator, which is at its end the second time",
)
plant_plugin(
    "numbered-names",
    giving(lambda: [metric(name=f"planted-{next(COUNTED)}")]),
    caught_by=SAME_AGAIN,
    fault="counts how often it was listed in its component's name",
)

plant_plugin(
    "one-name-twice",
    plugin(metric(), metric(summary="The same once more")),
    caught_by=NAMES,
    fault="registers two metrics of one name",
)
plant_plugin(
    "name-of-another",
    plugin(metric(name="cosine")),
    caught_by=NAMES,
    fault="takes the name of a metric that there is",
)

plant_plugin(
    "summary-with-full-stop",
    plugin(metric(summary="Straight-line distance.")),
    caught_by=SUMMARY,
    fault="ends its summary with a full stop",
)
plant_plugin(
    "summary-of-two-lines",
    plugin(metric(summary="Straight-line distance\nbetween two vectors")),
    caught_by=SUMMARY,
    fault="sums itself up in two lines",
)
plant_plugin(
    "summary-too-long",
    plugin(
        metric(
            summary="The distance that one walks from one vector to another if nothing is in the way, " * 2
        )
    ),
    caught_by=SUMMARY,
    fault="sums itself up in more than a line of a table holds",
)

plant_plugin(
    "missing-attribute",
    plugin(metric(factory="cbrkit_xai.metrics.cosine:Kosine")),
    caught_by=MAKES,
    fault="names a class that its module does not have",
)
plant_plugin(
    "missing-module",
    plugin(metric(factory="cbrkit_xai_planted.distances:Straight")),
    caught_by=MAKES,
    fault="names a module that was not packaged",
)
plant_plugin(
    "parameter-without-example",
    plugin(metric(factory=Powered)),
    caught_by=MAKES,
    fault="needs a parameter, and gives no example of it",
)
plant_plugin(
    "unknown-parameter-in-example",
    plugin(metric(factory=Powered, examples=({"power": 2.0},))),
    caught_by=MAKES,
    fault="names a parameter in its example that its class does not have",
)
plant_plugin(
    "text-in-example",
    plugin(metric(factory=Powered, examples=({"p": 2.0}, {"p": "2"}))),
    caught_by=MAKES,
    fault="gives a text in its second example where a number is asked for",
)
plant_plugin(
    "method-of-another-name",
    plugin(metric(factory=WithoutMethod)),
    caught_by=MAKES,
    fault="calls its method otherwise than the protocol does",
)

HOOK = """
from cbrkit_xai import MetricPlugin, hookimpl


@hookimpl
def cbrkit_xai_metrics():
    yield MetricPlugin(name="{name}", summary="Lp", source="planted", factory="{factory}", needs={needs})
"""

CLASS = """
class Minkowski:
    def pairwise(self, queries, references):
        {imports}
        return cdist(queries, references, metric="minkowski")
"""

FILES = {
    "planted_scipy": "import scipy.spatial\n"
    + HOOK.format(name="planted-scipy", factory="planted_distances:Minkowski", needs=("scipy",)),
    "planted_through_another": "import planted_estimators\n"
    + HOOK.format(name="planted-trees", factory="planted_distances:Minkowski", needs=("scikit-learn",)),
    "planted_estimators": "from sklearn.neighbors import KDTree\n",
    "planted_packaging": "import packaging.version\n"
    + HOOK.format(
        name="planted-packaging", factory="planted_distances:Minkowski", needs=("packaging", "scipy")
    ),
    "planted_factory": HOOK.format(
        name="planted-factory", factory="planted_eager:Minkowski", needs=("scipy",)
    ),
    "planted_eager": "from scipy.spatial.distance import cdist\n" + CLASS.format(imports="pass"),
    "planted_distances": CLASS.format(imports="from scipy.spatial.distance import cdist"),
    "planted_without_needs": HOOK.format(name="planted-needs", factory="planted_plots:Minkowski", needs=()),
    "planted_plots": CLASS.format(imports="from skimage.metrics import structural_similarity as cdist"),
    "planted_other_needs": HOOK.format(
        name="planted-other-needs", factory="planted_plots:Minkowski", needs=("skimage",)
    ),
}


def installed(*names):
    """Write the modules to a folder, import those of that name, and return them."""
    folder = Path(tempfile.mkdtemp(prefix="planted-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for name, text in FILES.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    sys.path.append(str(folder))
    importlib.invalidate_caches()
    return [importlib.import_module(name) for name in names]


SCIPY, THROUGH, PACKAGING, FACTORY, WITHOUT, OTHER = installed(
    "planted_scipy",
    "planted_through_another",
    "planted_packaging",
    "planted_factory",
    "planted_without_needs",
    "planted_other_needs",
)
plant_plugin("imports-scipy", SCIPY, caught_by=LIGHT, fault="imports scipy where its hooks stand")
plant_plugin(
    "imports-what-imports-sklearn",
    THROUGH,
    caught_by=LIGHT,
    fault="imports a module of its own that loads scikit-learn",
)
plant_plugin(
    "imports-a-small-library",
    PACKAGING,
    caught_by=LIGHT,
    fault="imports a library of others where its hooks stand, if a small one",
)
plant_plugin(
    "factory-that-imports-scipy",
    FACTORY,
    caught_by=LIGHT,
    fault="names a factory by text whose module imports scipy at its top",
)
plant_plugin(
    "object-whose-factory-imports-scipy",
    plugin(metric(factory="planted_eager:Minkowski", needs=("scipy",))),
    caught_by=LIGHT,
    fault="is an object in a notebook, and names a factory whose module imports scipy at its top",
)
plant_plugin(
    "needs-left-out", WITHOUT, caught_by=NEEDS, fault="imports scikit-image on use, and does not name it"
)
plant_plugin(
    "needs-by-import-name", OTHER, caught_by=NEEDS, fault="names skimage, which pip knows as scikit-image"
)
