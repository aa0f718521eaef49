"""A bug in the app: the terminal is restored, one sentence names the file with the traceback, the run continues."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.terminal.term import Term, engines
from tests.terminal.under_way import EPOCHS, SMALL, UnderWay, eventually, under_way

pytestmark = pytest.mark.timeout(180)
BOOM = """
def boom(*_, **__):
    raise ValueError("boom\\nin two lines")
"""
AT_THE_START = {
    "making": "import tui.app.app; tui.app.app.MnistApp.__init__ = boom",
    "mounting": "import tui.app.app; tui.app.app.MnistApp.on_mount = boom",
    "composing": "import tui.screens.train; tui.screens.train.TrainScreen.content = boom",
    "connecting": "import engine.client; engine.client.Engine.start = boom",
}
ON_A_KEY = {
    "a key": "import tui.app.app; tui.app.app.MnistApp.action_theme = boom",
    "the thread that reads keys": """
import tui.terminal.driver
real = tui.terminal.driver.TerminalDriver.process_message
def process(self, message):
    boom() if getattr(message, "key", "") == "t" else real(self, message)
tui.terminal.driver.TerminalDriver.process_message = process
""",
    "painting": """
import tui.app.app
def theme(self):
    tui.app.app.MnistApp._display = boom
    self.action_paint_again()
tui.app.app.MnistApp.action_theme = theme
""",
    "listening": """
import tui.app.app, tui.app.engine_session
def theme(self):
    tui.app.engine_session.reduce = boom
tui.app.app.MnistApp.action_theme = theme
""",
}


def spoilt(home: Path, spoil: str, *arguments: str) -> Term:
    """The app with an injected bug."""
    program = f"{BOOM}\n{spoil}\nimport sys\nfrom tui.cli.main import main\nsys.exit(main({list(arguments)!r}))"
    command = [sys.executable, "-P", "-c", program]
    return Term(command, env={"MNIST_TUI_HOME": str(home), "OMP_NUM_THREADS": "1"})


def final_message(term: Term, home: Path) -> str:
    """Wait for the end; return the final message, with FILE for the path of the traceback."""
    assert term.wait_end(15) == 4
    assert term.left_behind() == []
    words = "".join(term.screen.display).strip()
    (path,) = (home / "cache").glob("mnist-tui-traceback-*.txt")
    text = path.read_text()
    assert "Traceback (most recent call last)" in text
    assert "boom" in text
    path.unlink()
    return re.sub(r"\s+", " ", words.replace(str(path), "FILE"))


@pytest.mark.parametrize("where", AT_THE_START)
def test_a_fault_at_the_start(tmp_path: Path, where: str) -> None:
    with spoilt(tmp_path, AT_THE_START[where], *SMALL) as term:
        assert final_message(term, tmp_path) == (
            "mnist-tui: This is a bug in mnist-tui (ValueError: boom in two lines); the traceback is in FILE. "
            "Please report it."
        )
    eventually(lambda: engines(tmp_path) == [], "end of the engine", 15)


@pytest.fixture(scope="module")
def training(tmp_path_factory: pytest.TempPathFactory) -> Iterator[UnderWay]:
    with under_way(tmp_path_factory.mktemp("home")) as found:
        yield found


@pytest.mark.parametrize("where", ON_A_KEY)
def test_a_fault_while_a_run_trains(training: UnderWay, where: str) -> None:
    with spoilt(training.home, ON_A_KEY[where], "attach") as term:
        term.wait(rf"epoch \d+ of {EPOCHS}", 60)
        term.key("t")
        words = final_message(term, training.home)
        assert re.match(r"mnist-tui: This is a bug in mnist-tui \(.*boom.*\); the traceback is in FILE\.", words)
        assert words.endswith(f"Please report it. {training.words}")
    assert training.run.status() == "running"
