"""What a person sees of a long run, and what Ctrl-C leaves behind."""

from __future__ import annotations

import io
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cbrkit_xai.cli import terminal

SLOW_METRIC = """
import sys, time
from cbrkit_xai import MetricPlugin, hookimpl

class Slow:
    def pairwise(self, queries, references):
        import numpy
        print("READY", flush=True)
        time.sleep(float({seconds}))
        return numpy.abs(queries[:, None, 0] - references[None, :, 0]).astype(float)

    def fitted(self, cases, neighbours=None):
        return self

@hookimpl
def cbrkit_xai_metrics():
    yield MetricPlugin(name="slow", summary="Takes its time", source="a test", factory=Slow)
"""


def environment_with_slow_metric(tmp_path: Path, cache: Path, seconds: float) -> dict[str, str]:
    site = tmp_path / "site"
    info = site / "slow-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: slow\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[cbrkit_xai]\nslow = slow_metric\n")
    (site / "slow_metric.py").write_text(SLOW_METRIC.format(seconds=seconds))
    (tmp_path / "slow.toml").write_text('extends = "hist-euc"\nmetric = "slow"\n')
    return {**os.environ, "PYTHONPATH": str(site), "CBRKIT_XAI_CACHE": str(cache), "TERM": "xterm"}


def test_ctrl_c_ends_with_130_and_one_line_and_leaves_no_half_written_file(tmp_path, chelsea):
    cache = tmp_path / "cache"
    command = [sys.executable, "-m", "cbrkit_xai", "recommend", str(chelsea), "-c", "slow.toml"]
    environment = environment_with_slow_metric(tmp_path, cache, seconds=60)
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env=environment,
        # A shell's background job inherits an ignored SIGINT, and with it this test's process.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "READY\n"
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=30)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 130
    assert len(told.strip().splitlines()) == 1
    assert "interrupted" in told
    assert [path for path in cache.rglob("*") if path.suffix == ".part"] == []


def test_a_progress_bar_appears_on_a_terminal_once_a_second_has_passed(tmp_path, chelsea):
    environment = environment_with_slow_metric(tmp_path, tmp_path / "cache", seconds=0.6)
    screen, end = pty.openpty()
    command = [sys.executable, "-m", "cbrkit_xai", "recommend", str(chelsea), "-c", "slow.toml"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=end, cwd=tmp_path, env=environment)
    os.close(end)
    drawn = b""
    while part := read(screen):
        drawn += part
    os.close(screen)
    assert process.wait(timeout=60) == 0
    assert b"learning from 200 cases" in drawn


def read(screen: int) -> bytes:
    try:
        return os.read(screen, 4096)
    except OSError:  # Linux says so when the other end has closed
        return b""


class Stream(io.StringIO):
    def __init__(self, *, is_terminal: bool) -> None:
        super().__init__()
        self.is_terminal = is_terminal

    def isatty(self) -> bool:
        return self.is_terminal


@pytest.mark.parametrize(("is_terminal", "patience"), [(True, 3600.0), (False, -1.0)])
def test_no_bar_is_drawn_for_what_is_quick_nor_where_nobody_looks(monkeypatch, is_terminal, patience):
    stream = Stream(is_terminal=is_terminal)
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(terminal, "PATIENCE", patience)
    with terminal.progress_bar("working") as progress:
        for done in range(1, 4):
            progress(done, 3)
    assert stream.getvalue() == ""
