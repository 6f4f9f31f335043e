import importlib
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from small_models import COLOURS, scores_of, softmax

from cbrkit_xai import use
from cbrkit_xai.errors import CbrkitXaiError, ClassifierError, ConfigurationError
from cbrkit_xai_classifiers.python_model import PythonModel

FIXED = """
    import numpy as np

    class Fixed:
        labels = ["cat", "dog"]
        image_size = (8, 10)
        {more}

        def predict(self, images):
            return np.tile([0.25, 0.75], (len(images), 1))
"""


@pytest.fixture
def write(here, monkeypatch):
    """Write a module `own_model` into the current folder, which is forgotten afterwards."""
    path, before = list(sys.path), set(sys.modules)

    def _write(text, name="own_model"):
        (here / f"{name}.py").write_text(textwrap.dedent(text))
        importlib.invalidate_caches()

    yield _write
    sys.path[:] = path
    for name in set(sys.modules) - before:
        if str(here) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


@pytest.fixture
def small():
    return np.zeros((2, 8, 10, 3), dtype=np.uint8)


def refusal(factory="own_model:make", photos=None, **parameters):
    with pytest.raises(CbrkitXaiError) as caught:
        model = PythonModel(factory=factory, **parameters)
        model.predict(np.zeros((2, *model.image_size, 3), dtype=np.uint8) if photos is None else photos)
    assert isinstance(caught.value, ConfigurationError | ClassifierError)
    text = str(caught.value)
    assert "\n" not in text and "Traceback" not in text
    return text


# What it does ---------------------------------------------------------------------------------------------


def test_a_callable_is_a_classifier_of_unnamed_classes_and_photos_of_224(write):
    write("""
        import numpy as np

        def make():
            return lambda images: np.full((len(images), 4), 0.25)
    """)
    model = PythonModel(factory="own_model:make")
    assert model.image_size == (224, 224)
    assert model.labels == ("class 0", "class 1", "class 2", "class 3")
    assert model.predict(np.zeros((3, 224, 224, 3), dtype=np.uint8)).tolist() == [[0.25] * 4] * 3
    assert (model.gradient, model.feature_maps, model.features) == (None, None, None)


def test_a_scikit_learn_model_on_mean_colours_gives_its_own_probabilities(write, photos):
    from sklearn.linear_model import LogisticRegression

    write("""
        import numpy as np
        from sklearn.linear_model import LogisticRegression

        def make(seed=0):
            rng = np.random.default_rng(seed)
            colours = rng.integers(0, 256, (200, 3))
            model = LogisticRegression().fit(colours / 255, colours.argmax(axis=1))

            def predict(images):
                return model.predict_proba(images.mean(axis=(1, 2)) / 255)

            predict.labels = ["red", "green", "blue"]
            predict.image_size = (8, 10)
            return predict
    """)
    colours = np.random.default_rng(3).integers(0, 256, (200, 3))
    oracle = LogisticRegression().fit(colours / 255, colours.argmax(axis=1))
    model = PythonModel(factory="own_model:make", arguments={"seed": 3})
    assert model.labels == ("red", "green", "blue")
    np.testing.assert_array_equal(model.predict(photos), oracle.predict_proba(photos.mean(axis=(1, 2)) / 255))


def test_what_the_object_offers_is_passed_on(write, small):
    write(
        FIXED.format(
            more="""
        fingerprint = "mine;3"

        def gradient(self, images, target):
            return images * target

        def features(self, images):
            return images.mean(axis=(1, 2))

        def feature_maps(self, images, target):
            return images[:, ::2, ::2], images[:, ::2, ::2] * target
        """
        )
    )
    model = PythonModel(factory="own_model:Fixed")
    assert (model.labels, model.image_size, model.fingerprint) == (("cat", "dog"), (8, 10), "mine;3")
    assert model.predict(small).tolist() == [[0.25, 0.75]] * 2
    ones = np.ones((2, 8, 10, 3))
    np.testing.assert_array_equal(model.gradient(ones, 3), ones * 3)
    np.testing.assert_array_equal(model.features(ones), np.ones((2, 3)))
    maps, gradients = model.feature_maps(small + 1, 2)
    assert maps.shape == (2, 4, 5, 3) and (gradients == 2).all()


def test_a_function_may_be_asked_for_with_arguments(write, small):
    write("""
        import numpy as np

        def make(shares, options=None):
            assert isinstance(shares, list) and options == {"deep": [1, 2]}, (shares, options)
            predict = lambda images: np.tile(shares, (len(images), 1))
            predict.image_size = [8, 10]
            return predict
    """)
    parameters = {"shares": [0.5, 0.5], "options": {"deep": [1, 2]}}
    choice = use("python", factory="own_model:make", arguments=parameters)
    from cbrkit_xai import default_registry

    model = default_registry().create("classifier", choice)
    assert model.predict(small).tolist() == [[0.5, 0.5]] * 2


def test_the_core_takes_it_and_lets_it_be_explained(write, draw):
    from cbrkit_xai import default_registry
    from cbrkit_xai.explaining.counted_classifier import CountedClassifier, can, image_size

    write(FIXED.format(more=""))
    model = default_registry().create("classifier", use("python", factory="own_model:Fixed"))
    counted = CountedClassifier(model)
    assert image_size(counted) == (8, 10) and not can(counted, "gradient")
    assert counted.predict(np.zeros((3, 8, 10, 3), dtype=np.uint8)).shape == (3, 2)


def test_a_module_inside_a_package_of_the_current_folder_is_found(here, write, small):
    (here / "own_package").mkdir()
    (here / "own_package" / "__init__.py").write_text("")
    (here / "own_package" / "inner.py").write_text(textwrap.dedent(FIXED.format(more="")))
    importlib.invalidate_caches()
    assert PythonModel(factory="own_package.inner:Fixed").predict(small).shape == (2, 2)


def test_naming_it_runs_nothing_until_it_is_asked(write, here):
    write("""
        from pathlib import Path

        Path("imported").touch()
    """)
    model = PythonModel(factory="own_model:make")
    assert repr(model) and model == PythonModel(factory="own_model:make")
    assert not (here / "imported").exists()


def test_a_case_base_cannot_name_it_not_even_inside_another_component(write, here):
    from types import SimpleNamespace

    from cbrkit_xai import Registry, RepresentationPlugin, hookimpl
    from cbrkit_xai.protocols import Classifier
    from cbrkit_xai_classifiers import models

    write("""
        from pathlib import Path

        Path("imported").touch()
    """)

    class Probabilities:
        fingerprint = "probabilities"

        def __init__(self, classifier: Classifier):
            self.classifier = classifier

        def describe(self, images):
            return self.classifier.predict(images)

    @hookimpl
    def cbrkit_xai_representations():
        yield RepresentationPlugin(name="probabilities", summary="a", source="a", factory=Probabilities)

    registry = Registry()
    registry.register(models)
    registry.register(SimpleNamespace(cbrkit_xai_representations=cbrkit_xai_representations), name="by-hand")
    chosen = use("probabilities", classifier=use("python", factory="own_model:make"))
    assert registry.create("representation", chosen).classifier.factory == "own_model:make"
    with pytest.raises(ConfigurationError, match="the case base asks to run 'own_model:make'"):
        registry.create("representation", chosen, from_base=True)
    assert not (here / "imported").exists()


def test_it_may_write_to_the_photos_it_is_given_and_ours_stay_as_they_are(write):
    write("""
        import numpy as np

        def make():
            def predict(images):
                images[:] = 7
                return np.full((len(images), 2), 0.5)

            predict.image_size = (8, 10)
            return predict
    """)
    photos = np.zeros((2, 8, 10, 3), dtype=np.uint8)
    photos.flags.writeable = False
    PythonModel(factory="own_model:make").predict(photos)
    assert not photos.any()


def test_no_photos_give_no_rows_and_the_function_is_not_asked(write):
    write(FIXED.format(more=""))
    assert PythonModel(factory="own_model:Fixed").predict(np.empty((0, 8, 10, 3), np.uint8)).shape == (0, 2)


def test_threads_share_one_object(write, here, small):
    write("""
        import numpy as np

        def make():
            with open("made", "a") as file:
                file.write("x")
            predict = lambda images: np.full((len(images), 2), 0.5)
            predict.image_size = (8, 10)
            return predict
    """)
    model = PythonModel(factory="own_model:make")
    with ThreadPoolExecutor(6) as pool:
        assert len(list(pool.map(model.predict, [small] * 6))) == 6
    assert (here / "made").read_text() == "x"


# Who it is ------------------------------------------------------------------------------------------------


def test_the_fingerprint_changes_with_the_source_and_with_the_arguments(write):
    def fingerprint(text, **arguments):
        sys.modules.pop("own_model", None)
        write(text)
        return PythonModel(factory="own_model:make", arguments=arguments).fingerprint

    text = """
        import numpy as np

        def make(share=0.5):
            predict = lambda images: np.tile([share, 1 - share], (len(images), 1))
            predict.image_size = (8, 10)
            return predict
    """
    own = fingerprint(text)
    assert own.startswith("python;own_model:make;") and own == fingerprint(text)
    assert len({own, fingerprint(text + "\n        # changed"), fingerprint(text, share=0.25)}) == 3


# What goes wrong ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "factory",
    ["own_model", "own_model:make()", "own model:make", ":make", "a:", "a/b:c"],
)
def test_a_text_that_names_no_function_is_refused_at_once(factory):
    from cbrkit_xai import default_registry

    with pytest.raises(ConfigurationError) as caught:
        default_registry().create("classifier", use("python", factory=factory))
    assert f"{factory!r} names no function; allowed: package.module:function" in str(caught.value)


def test_a_module_that_is_not_there_is_named(write):
    assert refusal("nowhere_to_be_found:make").startswith(
        "nowhere_to_be_found:make: there is no module 'nowhere_to_be_found'; allowed: a module in "
    )
    write("")
    assert "there is no module 'own_model.py'" in refusal("own_model.py:make")


def test_a_module_that_it_imports_and_that_is_missing_is_named(write):
    write("import a_package_that_nobody_installed")
    assert refusal() == (
        "own_model:make: it imports 'a_package_that_nobody_installed', which is not installed; "
        "pip install a_package_that_nobody_installed"
    )


NO_PROBABILITIES = [
    ("np.zeros((len(images), 3))", "its answers lie between 0 and 0, and a row sums to 0; allowed: probabil"),
    ("np.full((len(images), 3), 5.0)", "its answers lie between 5 and 5, and a row sums to 15"),
    ("np.tile([1.5, -0.5], (len(images), 1))", "its answers lie between -0.5 and 1.5, and a row sums to 1;"),
    ("np.tile([0.5, np.nan], (len(images), 1))", "its answer has NaN or infinite values in it"),
    ("np.full(len(images), 0.5)", "its answer to 2 photos has shape (2,); allowed: (2, classes)"),
    ("np.full((1, 2), 0.5)", "its answer to 2 photos has shape (1, 2)"),
    ("np.full((len(images), 1), 1.0)", "its answer has 1 number a photo; allowed: a number for each of"),
    ("np.full((len(images), 0), 1.0)", "its answer has 0 numbers a photo"),
    ("None", "its answer is of type object; allowed: numbers"),
    ("[['a', 'b']] * len(images)", "its answer is of type <U1; allowed: numbers"),
    ("[[1.0], [0.5, 0.5]]", "turning what it returns into an array raises ValueError: "),
    ("images.no_such_thing", "its predict raises AttributeError: 'numpy.ndarray' object has no attribute"),
    ("1 / 0", "its predict raises ZeroDivisionError: division by zero (own_model.py, line 7)"),
    ("exit(3)", "its predict raises SystemExit: 3"),
]


@pytest.mark.parametrize(("answer", "said"), NO_PROBABILITIES)
def test_an_answer_that_is_no_probabilities_is_refused_when_it_is_tried(write, answer, said):
    write(f"""
        import numpy as np


        def make():
            def predict(images):
                return {answer}

            predict.image_size = (8, 10)
            return predict
    """)
    assert f"own_model:make: {said}" in refusal()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            "def make(:\n    pass",
            "importing own_model raises SyntaxError: invalid syntax (own_model.py, line 1)",
        ),
        ("1 / 0", "importing own_model raises ZeroDivisionError: division by zero (own_model.py, line 1)"),
        ("raise SystemExit(3)", "importing own_model raises SystemExit: 3 (own_model.py, line 1)"),
        (
            "def mkae(): pass",
            "own_model has no 'make'; allowed: a function, or a class, of that module; did you",
        ),
        ("make = 3", "own_model has a int 'make'; allowed: a function, or a class, of that module"),
        ("def make(): return 3", "it returns a int; allowed: an object with `predict`, or a callable"),
        ("def make(): pass", "it returns a NoneType; allowed: an object with `predict`, or a callable"),
        ("def make(): raise OSError('no weights')", "it raises OSError: no weights (own_model.py, line 1)"),
        ("def make(images): pass", "missing a required argument: 'images'; allowed: a function to be called"),
        ("class make: predict = 3", "it returns a make; allowed: an object with `predict`"),
    ],
)
def test_code_that_gives_no_classifier_is_refused_with_the_line_where_it_went_wrong(write, body, said):
    write(body)
    assert refusal().startswith(f"own_model:make: {said}")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("image_size = 224", "its image_size is 224; allowed: height and width"),
        ("image_size = (224, 0)", "its image_size is (224, 0); allowed: height and width"),
        ("image_size = (224, 224, 3)", "its image_size is (224, 224, 3)"),
        ("image_size = (2.5, 3)", "its image_size is (2.5, 3)"),
        ("labels = 'cat'", "its labels are a str; allowed: a list"),
        ("labels = ['a', 'b', 'c']", "it has 3 labels, and answers with 2 numbers a photo"),
        ("fingerprint = 3", "its fingerprint is 3; allowed: a text"),
        ("fingerprint = ' '", "its fingerprint is ' '; allowed: a text"),
    ],
)
def test_what_the_object_says_of_itself_is_checked(write, more, said):
    write(FIXED.format(more=more))
    assert refusal("own_model:Fixed").startswith(f"own_model:Fixed: {said}")


def test_arguments_that_the_function_does_not_take_are_refused(write):
    write("def make(seed=0): pass")
    text = refusal(arguments={"sead": 1})
    assert text.startswith("own_model:make: got an unexpected keyword argument 'sead'; allowed: ")


def test_a_gradient_that_raises_is_one_line(write):
    write(FIXED.format(more="def gradient(self, images, target): raise ValueError('no tape\\nat all')"))
    with pytest.raises(ClassifierError) as caught:
        PythonModel(factory="own_model:Fixed").gradient(np.zeros((1, 8, 10, 3)), 0)
    assert "its gradient raises ValueError: no tape at all (own_model.py, line " in str(caught.value)


def test_an_answer_that_turns_wrong_later_is_refused_then(write, small):
    write("""
        import numpy as np

        class Turning:
            image_size = (8, 10)
            asked = 0

            def predict(self, images):
                self.asked += 1
                return np.full((len(images), 2), 0.5 if self.asked == 1 else np.nan)
    """)
    model = PythonModel(factory="own_model:Turning")
    assert model.labels == ("class 0", "class 1")
    with pytest.raises(ClassifierError, match="NaN or infinite"):
        model.predict(small)


def test_an_error_of_ours_from_inside_is_passed_on_as_it_is(write):
    write("""
        from cbrkit_xai.errors import MissingDependencyError

        def make():
            raise MissingDependencyError("torch is not installed", next_step="pip install torch")
    """)
    with pytest.raises(CbrkitXaiError, match="pip install torch"):
        _ = PythonModel(factory="own_model:make").labels


def test_the_installed_command_finds_a_module_of_the_current_folder(here, write):
    """There, unlike under `python -m`, the current folder is not on the path."""
    write(FIXED.format(more=""))
    code = (
        "import sys; sys.path[:] = [one for one in sys.path if one]\n"
        "from cbrkit_xai_classifiers.python_model import PythonModel\n"
        "print(PythonModel(factory='own_model:Fixed').labels)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=here, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "('cat', 'dog')\n"


def test_scores_that_are_turned_into_probabilities_match_the_oracle(write, photos):
    """The little arithmetic of these tests, once through a module of the user's."""
    write(f"""
        import numpy as np

        MATRIX = np.array({COLOURS.tolist()})

        def make():
            def predict(images):
                scores = (images / 255).mean(axis=(1, 2)) @ MATRIX.T
                shares = np.exp(scores)
                return shares / shares.sum(axis=1, keepdims=True)

            predict.image_size = (8, 10)
            return predict
    """)
    found = PythonModel(factory="own_model:make").predict(photos)
    np.testing.assert_allclose(found, softmax(scores_of(photos, scale=255)), atol=1e-12)
