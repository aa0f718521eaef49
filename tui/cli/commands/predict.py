"""``mnist-tui predict RUN FILE…``: what a run's network reads in a person's own pictures."""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.errors import ConfigProblem, ExitCode, PictureProblem
from tui.cli.parser import Parser, add_weights, check_weights
from tui.headless.output import complain, flush, print_json, print_lines

if TYPE_CHECKING:
    from engine.client import Connect
    from engine.events import CheckpointKind
    from tui.app.query_engine import Asker
    from tui.views.picture_predictions import Place, Prediction

STANDARD_INPUT = "-"
AT_ONCE = 1000
"""Pictures asked about in one command: what a test reads at once, and with base64 just under `protocol.COMMAND_LIMIT`."""
MOST_DRAWN = 12
"""Of more files there is a line each, also on a terminal."""
_DRAWN = 24
"""Columns of a drawing: one for each pixel of the middle of a picture, which holds the digit."""
_GAP = 3
_NARROWEST = 60


def parser() -> Parser:
    """Which run, which pictures, which of its checkpoints, and ``--json``."""
    made = Parser(
        "predict",
        usage="RUN FILE... [--weights best|last] [--json]",
        about="Say which digit a run's network reads in pictures of yours: photos, scans, screenshots, drawings.\n"
        "RUN is a name, a part of one, or 'last'. FILE is '-' for standard input.",
    )
    made.options.add_argument("run", metavar="RUN", help="which run")
    made.options.add_argument("files", metavar="FILE", nargs="+", help="pictures of one digit each")
    add_weights(made)
    made.options.add_argument("--json", action="store_true", help="print a JSON object a file (docs/events.md)")
    return made


def run(args: argparse.Namespace) -> int:
    """Read them with an engine of its own. Raises `Problem` where that cannot be done; files that cannot be are named."""
    from engine.runs.folder import find_run  # noqa: PLC0415
    from tui.headless.follow import start_engine  # noqa: PLC0415
    from tui.headless.waiting import ask_engine  # noqa: PLC0415

    check_weights(args)
    folder = find_run(args.run)
    piped = _from_standard_input() if STANDARD_INPUT in args.files else None
    printer = Printer(args.files, json=args.json)
    ask_engine(start_engine, lambda connect: predict(connect, folder.name, args.weights, args.files, piped, printer))
    return int(ExitCode.DATA if printer.refused else ExitCode.DONE)


def _from_standard_input() -> Prediction:
    """The picture piped in. It is read before anything else begins, so that Ctrl+C ends the waiting at once."""
    from engine.pictures import read_stream  # noqa: PLC0415 - as in `run`
    from tui.views.picture_predictions import Prediction  # noqa: PLC0415

    name = "standard input"
    if sys.stdin is None or sys.stdin.isatty():
        raise ConfigProblem(
            "'-' reads a picture from standard input, which is a terminal: pipe one in, as in < seven.png."
        )
    try:
        return Prediction(STANDARD_INPUT, read_stream(sys.stdin.buffer, name))
    except PictureProblem as fault:
        return Prediction(STANDARD_INPUT, error=str(fault))


async def predict(
    connect: Connect,
    run: str,
    weights: CheckpointKind,
    files: Sequence[str],
    piped: Prediction | None,
    printer: Printer,
) -> None:
    """Read `files`, a thousand at a time: while the engine has some, the next are opened. Raises `Problem`."""
    from tui.app.query_engine import Asker  # noqa: PLC0415 - --help does without
    from tui.views.picture_predictions import Place  # noqa: PLC0415

    asker = Asker(connect)
    place = Place(run, weights)
    parts = iter([files[start : start + AT_ONCE] for start in range(0, len(files), AT_ONCE)])
    try:
        opening = asyncio.create_task(asyncio.to_thread(opened, next(parts), piped))
        while True:
            found = await opening
            following = next(parts, None)
            if following:
                opening = asyncio.create_task(asyncio.to_thread(opened, following, piped))
            read, place = await asked(asker, place, found)
            printer.show(read, place)
            if not following:
                return
    finally:
        await asker.close()


def opened(files: Sequence[str], piped: Prediction | None = None) -> list[Prediction]:
    """The pictures in these files, or why there are none."""
    from engine.dataset.data_files import printable  # noqa: PLC0415 - --help does without
    from engine.paths import expanded  # noqa: PLC0415
    from engine.pictures import read_picture  # noqa: PLC0415
    from tui.views.picture_predictions import Prediction  # noqa: PLC0415

    found = []
    for file in files:
        if piped is not None and file == STANDARD_INPUT:
            found.append(piped)
            continue
        try:
            found.append(Prediction(printable(file), read_picture(expanded(file))))
        except PictureProblem as fault:
            found.append(Prediction(printable(file), error=str(fault)))
    return found


async def asked(asker: Asker, place: Place, found: Sequence[Prediction]) -> tuple[list[Prediction], Place]:
    """The same with what the network reads in those that have a digit, and whose weights read."""
    from dataclasses import replace  # noqa: PLC0415 - as in `run`

    from engine.commands import ReadPictures  # noqa: PLC0415

    shown = [each.picture.pixels.tobytes() for each in found if each.picture and each.picture.pixels is not None]
    if not shown:
        return list(found), place
    question = ReadPictures(run=place.run, weights=place.weights, pixels=b"".join(shown), exact=True)
    answer = await asker.ask(question)
    likely = iter(answer["probabilities"])
    read = [
        replace(each, probabilities=tuple(next(likely))) if each.picture and each.picture.pixels is not None else each
        for each in found
    ]
    return read, replace(place, epoch=answer["epoch"])


class Printer:
    """Prints what came of the files as it comes: JSON lines, plain lines, or drawings on a terminal."""

    def __init__(self, files: Sequence[str], *, json: bool) -> None:
        from engine.dataset.data_files import printable  # noqa: PLC0415 - --help does without
        from tui.headless.presenters import draws  # noqa: PLC0415
        from tui.terminal.capabilities import has_few_characters, speaks_utf8  # noqa: PLC0415

        self.refused = False
        """Whether a file could not be read."""
        self._json = json
        self._headed = False
        self._ascii = not speaks_utf8() or (sys.stdout.isatty() and has_few_characters())
        self._columns = shutil.get_terminal_size().columns
        self._draws = len(files) <= MOST_DRAWN and self._columns >= _NARROWEST and draws(sys.stdout)
        self._name_width = min(max(len(printable(file)) for file in files), 40)

    def show(self, read: Sequence[Prediction], place: Place) -> None:
        """Print some files; those that were not read go to standard error. May raise OSError."""
        from tui.views.picture_predictions import heading  # noqa: PLC0415 - --help does without

        if not self._json and not self._headed and place.epoch is not None:
            self._headed = True
            self._print([heading(place)])
        for each in read:
            if self._json:
                self._print_document(each, place)
            elif not each.error:
                self._print(self._lines(each))
            if each.error:
                self.refused = True
                flush()
                complain(each.error)

    def _lines(self, each: Prediction) -> list[str]:
        from tui.plotting.raster import ASCII, BLOCKS, crop, shades  # noqa: PLC0415
        from tui.views.picture_predictions import beside, line, verdict  # noqa: PLC0415 - as above

        if not self._draws or each.picture is None:
            return [line(each, self._name_width)]
        room = self._columns - _DRAWN - _GAP
        found, further = verdict(each)
        told = [each.name, found, further, "", *each.picture.said]
        texts = [part for text in told for part in textwrap.wrap(text, room) or [""]]
        pixels = each.picture.pixels
        drawing = [] if pixels is None else shades(crop(pixels), _DRAWN, ASCII if self._ascii else BLOCKS)
        inked = [row for row, text in enumerate(drawing) if text.strip()]
        drawing = drawing[inked[0] : inked[-1] + 1] if inked else [" " * _DRAWN]
        return ["", *beside(drawing, texts, _GAP)]

    def _print(self, lines: Sequence[str]) -> None:
        from tui.views.plain import ascii_text  # noqa: PLC0415 - as above

        print_lines([ascii_text(text) for text in lines] if self._ascii else lines)

    def _print_document(self, each: Prediction, place: Place) -> None:
        from tui.views.picture_predictions import document  # noqa: PLC0415 - as above

        print_json(document(each, place), indented=False)
