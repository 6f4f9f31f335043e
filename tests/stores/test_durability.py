"""What was acknowledged is there, whatever happens to the process."""

import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
import time

import pytest

from cbrkit_xai import CaseBase, CaseStore
from cbrkit_xai.errors import CaseBaseError

ADD = textwrap.dedent("""
    import sys, time
    from cbrkit_xai.case import Ballot, Case
    from cbrkit_xai.stores.embedded import CaseStore
    path, name, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    store = CaseStore.open(path)
    for number in range(count):
        ballot = Ballot(votes={"lime": 1}, source="human", voter=name)
        store.add(Case(id=f"{name}-{number}", image_sha256=f"{name}-{number}", ballots=[ballot]))
        print(number, flush=True)
    time.sleep(60)
""")


def start_adding(path, name, count):
    return subprocess.Popen(
        [sys.executable, "-c", ADD, path, name, str(count)], stdout=subprocess.PIPE, text=True
    )


def kill(process):
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()


def fork_to_add(path, case):
    """Start a process that adds one case, says so, and waits to be killed."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            CaseStore.open(path).add(case)
            os.write(writing, b"stored\n")
            time.sleep(60)
        finally:
            os._exit(1)
    os.close(writing)
    return child, reading


def is_sound(path):
    raw = sqlite3.connect(path)
    try:
        return (
            raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            and not raw.execute("PRAGMA foreign_key_check").fetchall()
        )
    finally:
        raw.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs POSIX processes")
def test_fifty_cases_whose_writers_were_killed_when_told_are_all_there(tmp_path, a_case):
    path = tmp_path / "base.cbr"
    CaseStore.create(path).close()
    for number in range(50):
        # Forked, not started: importing numpy fifty times takes half a minute.
        child, reading = fork_to_add(path, a_case(f"w{number}"))
        assert os.read(reading, 100) == b"stored\n"
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(reading)
    assert is_sound(path)
    base = CaseBase.load(path)
    assert base.ids == tuple(f"w{number}" for number in range(50))
    assert base.revision == 50


def test_two_processes_that_add_at_once_both_end_up_stored(tmp_path):
    path = tmp_path / "base.cbr"
    CaseStore.create(path).close()
    both = [start_adding(path, name, 30) for name in ("left", "right")]
    for process in both:
        assert [process.stdout.readline() for _ in range(30)] == [f"{number}\n" for number in range(30)]
    base = CaseBase.load(path)  # while both are open
    for process in both:
        kill(process)
    assert set(base.ids) == {f"{name}-{number}" for name in ("left", "right") for number in range(30)}
    assert base.revision == 60
    assert is_sound(path)


def test_threads_of_one_process_may_share_a_store(tmp_path, a_case):
    with CaseStore.create(tmp_path / "base.cbr") as store:
        threads = [
            threading.Thread(target=lambda part=part: [store.add(a_case(f"{part}-{n}")) for n in range(10)])
            for part in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(store.load()) == store.revision == 40


def test_two_stores_on_the_same_file_give_the_same_id_only_once(tmp_path, a_case):
    path = tmp_path / "base.cbr"
    with CaseStore.create(path) as one, CaseStore.open(path) as other:
        assert one.add(a_case("a", photo="p")).id == "a"
        assert other.add(a_case("a", photo="q")).id == "a-2"
        assert one.load().ids == other.load().ids == ("a", "a-2")


def test_a_reader_keeps_its_snapshot_while_others_write(tmp_path, a_case):
    with CaseStore.create(tmp_path / "base.cbr") as store:
        store.add(a_case("a"))
        before = CaseBase.load(tmp_path / "base.cbr")
        store.add(a_case("b"))
        assert before.ids == ("a",)
        assert CaseBase.load(tmp_path / "base.cbr").ids == ("a", "b")


def test_a_base_locked_for_too_long_is_said_to_be_in_use(tmp_path, a_case):
    path = tmp_path / "base.cbr"
    CaseStore.create(path).close()
    holder = sqlite3.connect(path, isolation_level=None)
    with CaseStore.open(path, wait_seconds=0.1) as store:
        holder.execute("BEGIN IMMEDIATE")
        start = time.monotonic()
        with pytest.raises(CaseBaseError, match=r"in use by another process for more than 0\.1 s"):
            store.add(a_case())
        assert time.monotonic() - start < 5
        holder.execute("ROLLBACK")
        store.add(a_case())
        assert len(store.load()) == 1
    holder.close()


def test_loading_does_not_take_a_stores_locks_away(tmp_path, a_case):
    # POSIX drops a process's locks on a file when it closes any descriptor of it: another process
    # could then believe it was alone, and delete the log that this store goes on writing to.
    path = tmp_path / "base.cbr"
    with CaseStore.create(path) as store:
        store.add(a_case("a"))
        CaseBase.load(path)
        code = "import sys, cbrkit_xai as cx; cx.CaseStore.open(sys.argv[1]).close()"
        subprocess.run([sys.executable, "-c", code, path], check=True)
        store.add(a_case("b"))
        other = subprocess.run(
            [
                sys.executable,
                "-c",
                "import sys, cbrkit_xai as cx; print(len(cx.CaseBase.load(sys.argv[1])))",
                path,
            ],
            check=True,
            capture_output=True,
            text=True,
        )
    assert other.stdout == "2\n"
    assert CaseBase.load(path).ids == ("a", "b")


def test_commits_are_written_through_to_the_disk(tmp_path):
    # 2 is FULL: in WAL mode, the log is synced at each commit.
    with CaseStore.create(tmp_path / "base.cbr") as store, store._transactions.reading() as connection:
        told = [
            connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("synchronous", "journal_mode", "foreign_keys", "trusted_schema")
        ]
    assert told == [2, "wal", 1, 0]


def test_a_log_left_by_a_killed_writer_is_read(tmp_path):
    path = tmp_path / "base.cbr"
    CaseStore.create(path).close()
    process = start_adding(path, "w", 3)
    for _ in range(3):
        process.stdout.readline()
    kill(process)
    assert os.path.getsize(f"{path}-wal") > 0
    assert len(CaseBase.load(path)) == 3
