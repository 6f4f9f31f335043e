"""A case base can be read where nothing may be written; permissions bind only those who are not root."""

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from cbrkit_xai import CaseBase, CaseStore
from cbrkit_xai.errors import CaseBaseError
from cbrkit_xai.stores.embedded import load

needs_forking = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs POSIX users")


def as_nobody(act):
    """Run `act` as a user who has no rights but everyone's, and return what it says."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if os.getuid() == 0:
                os.setgid(65534)
                os.setuid(65534)
            said = str(act())
        except CaseBaseError as error:
            said = str(error)
        except BaseException as error:
            said = f"crash: {error!r}"
        os.write(writing, said.encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return said


@pytest.fixture
def folder():
    # Not below pytest's own folder, which lets nobody but its owner through.
    with tempfile.TemporaryDirectory() as path:
        folder = Path(path)
        folder.chmod(0o755)
        yield folder
        folder.chmod(0o755)


@pytest.fixture
def base(folder, a_case):
    with CaseStore.create(folder / "base.cbr") as store:
        store.add(a_case())
    return folder / "base.cbr"


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@needs_forking
@pytest.mark.parametrize(
    ("of_the_file", "of_its_folder"),
    [(0o444, 0o555), (0o444, 0o777), (0o666, 0o555)],
    ids=["neither may be written", "its folder may be written", "only the file may be written"],
)
def test_reading_what_may_not_be_written_leaves_nothing_beside_it(base, of_the_file, of_its_folder):
    base.chmod(of_the_file)
    base.parent.chmod(of_its_folder)
    assert as_nobody(lambda: CaseBase.load(base).ids) == "('a',)"
    assert names(base.parent) == ["base.cbr"]


@needs_forking
def test_changes_not_merged_yet_are_never_passed_over(base, a_case):
    store = CaseStore.open(base)
    store.add(a_case("b"))
    copy = base.parent / "copy.cbr"
    shutil.copy(base, copy)
    shutil.copy(f"{base}-wal", f"{copy}-wal")
    store.close()
    base.parent.chmod(0o555)
    said = as_nobody(lambda: CaseBase.load(copy).ids)
    assert said == "('a', 'b')" or "has changes not merged into it yet (copy.cbr-wal)" in said


@needs_forking
def test_a_base_that_another_user_has_open_can_be_read(base, a_case):
    with CaseStore.open(base) as store:
        store.add(a_case("b"))
        base.parent.chmod(0o755)
        assert as_nobody(lambda: CaseBase.load(base).ids) == "('a', 'b')"


@needs_forking
def test_a_file_that_may_not_be_read_says_so(base):
    base.chmod(0)
    assert "cannot be opened" in as_nobody(lambda: CaseBase.load(base).ids)


@needs_forking
def test_opening_to_write_what_may_not_be_written_says_so(base):
    base.chmod(0o444)
    assert "may not be written" in as_nobody(lambda: CaseStore.open(base))


@needs_forking
def test_creating_in_a_folder_that_may_not_be_written_says_so(base):
    base.parent.chmod(0o555)
    assert "its folder may not be written" in as_nobody(lambda: CaseStore.create(base.parent / "new.cbr"))


def test_an_immutable_base_is_read_without_a_lock_or_a_file_beside_it(base):
    assert load(base, immutable=True).ids == ("a",)
    assert names(base.parent) == ["base.cbr"]


def test_reading_changes_neither_content_nor_time(base):
    before = (base.read_bytes(), base.stat().st_mtime_ns)
    CaseBase.load(base)
    assert (base.read_bytes(), base.stat().st_mtime_ns) == before


def test_a_new_base_has_the_permissions_of_any_new_file(base):
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE(base.stat().st_mode) == 0o666 & ~umask


def test_importing_the_stores_loads_nothing_heavy():
    code = (
        "import sys, cbrkit_xai.stores.embedded, cbrkit_xai.stores.importing, cbrkit_xai.stores.bundled,"
        " cbrkit_xai.stores.votes_files, cbrkit_xai.stores.exporting\n"
        "heavy = {'PIL', 'scipy', 'sklearn', 'onnx', 'onnxruntime', 'matplotlib'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
