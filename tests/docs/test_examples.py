import sys
from pathlib import Path

import pytest
from pages import NAMES, PAGES, blocks
from running import Page, check_command

WITH_BLOCKS = [page for page in PAGES if any(block.language for block in blocks(page))]


@pytest.fixture(scope="session")
def cache(tmp_path_factory):
    """Return a cache folder that is not the user's; the network is built into it once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def reader(tmp_path, monkeypatch, cache):
    """Give a page to read, in a folder with `photo.jpg` and `photos/`."""
    import skimage
    from PIL import Image

    data = Path(skimage.__file__).parent / "data"
    photos = {"photo.jpg": "chelsea.png", "photos/cat.jpg": "chelsea.png"}
    photos |= {"photos/cup.jpg": "coffee.png", "photos/astronaut.jpg": "astronaut.png"}
    photos |= {"photos/rocket.jpg": "rocket.jpg"}
    (tmp_path / "photos").mkdir()
    for name, source in photos.items():
        with Image.open(data / source) as photo:
            photo.convert("RGB").save(tmp_path / name, quality=95)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CBRKIT_XAI_CACHE", str(cache))
    monkeypatch.delenv("CBRKIT_XAI_DISABLE_PLUGINS", raising=False)
    before = set(sys.modules)
    yield Page(monkeypatch)
    for name in set(sys.modules) - before:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


# Keras hands numpy its variables when it saves a model.
@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept:DeprecationWarning")
@pytest.mark.parametrize("page", WITH_BLOCKS, ids=[NAMES[PAGES.index(page)] for page in WITH_BLOCKS])
def test_every_example_of_the_page_runs_as_it_is_shown(page, reader):
    for block in blocks(page):
        reader.read(block)


@pytest.mark.parametrize("command", ["cbrkit-xai frobnicate", "cbrkit-xai recommend --frobnicate photo.jpg"])
def test_a_command_that_does_not_exist_is_noticed(command):
    with pytest.raises(AssertionError):
        check_command(command, "here")
