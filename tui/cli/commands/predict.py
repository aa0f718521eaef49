"""``mnist-tui predict RUN FILE…``: classifies the user's own pictures with a run's network."""

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
from tui.headless.output import flush, print_error, print_json, print_lines

if TYPE_CHECKING:
    from engine.client import Connect
    from engine.events import CheckpointKind
    from tui.app.query_engine import Asker
    from tui.views.picture_predictions import Place, Prediction

STANDARD_INPUT = "-"
QUERY_SIZE = 1000
"""Pictures per query: the evaluation batch size, and in base64 just under `protocol.COMMAND_LIMIT`."""
MOST_DRAWN = 12
"""With more files each gets one line, also on a terminal."""
_DRAWN = 24
"""Columns of a drawing: one per pixel of the image's center, which contains the digit."""
_GAP = 3
_NARROWEST = 60


def parser() -> Parser:
    """The run, the pictures, the checkpoint, and ``--json``."""
    made = Parser(
        "predict",
        usage="RUN FILE... [--weights best|last] [--json]",
        about="Classify your own pictures with a run's network: photos, scans, screenshots, drawings.\n"
        "RUN is a name, a part of one, or 'last'. FILE is '-' for standard input.",
    )
    made.options.add_argument("run", metavar="RUN", help="the run")
    made.options.add_argument("files", metavar="FILE", nargs="+", help="pictures with one digit each")
    add_weights(made)
    made.options.add_argument("--json", action="store_true", help="print one JSON object per file (docs/events.md)")
    return made


def run(args: argparse.Namespace) -> int:
    """Classify the pictures in a separate engine. Unreadable files are reported; raises `Problem` for other failures."""
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
    """The picture from standard input. It is read first, so Ctrl+C can interrupt the wait."""
    from engine.pictures import read_stream  # noqa: PLC0415 - as in `run`
    from tui.views.picture_predictions import Prediction  # noqa: PLC0415

    name = "standard input"
    if sys.stdin is None or sys.stdin.isatty():
        raise ConfigProblem(
            "'-' reads a picture from standard input, but that is a terminal; redirect a file, for example `< seven.png`."
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
    """Classify `files` in batches of `QUERY_SIZE`, opening the next batch during a query. Raises `Problem`."""
    from tui.app.query_engine import Asker  # noqa: PLC0415 - not needed for --help
    from tui.views.picture_predictions import Place  # noqa: PLC0415

    asker = Asker(connect)
    place = Place(run, weights)
    parts = iter([files[start : start + QUERY_SIZE] for start in range(0, len(files), QUERY_SIZE)])
    try:
        opening = asyncio.create_task(asyncio.to_thread(opened, next(parts), piped))
        while True:
            pictures = await opening
            following = next(parts, None)
            if following:
                opening = asyncio.create_task(asyncio.to_thread(opened, following, piped))
            classified, place = await classify(asker, place, pictures)
            printer.show(classified, place)
            if not following:
                return
    finally:
        await asker.close()


def opened(files: Sequence[str], piped: Prediction | None = None) -> list[Prediction]:
    """The pictures in these files, or why they cannot be read."""
    from engine.dataset.data_files import printable  # noqa: PLC0415 - not needed for --help
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


async def classify(asker: Asker, place: Place, found: Sequence[Prediction]) -> tuple[list[Prediction], Place]:
    """The same with probabilities for the pictures that contain a digit, and the place with its epoch."""
    from dataclasses import replace  # noqa: PLC0415 - as in `run`

    from engine.answers import PicturePredictions, decode_result  # noqa: PLC0415
    from engine.commands import PredictPictures  # noqa: PLC0415

    shown = [each.picture.pixels.tobytes() for each in found if each.picture and each.picture.pixels is not None]
    if not shown:
        return list(found), place
    question = PredictPictures(run=place.run, weights=place.weights, pixels=b"".join(shown), exact=True)
    answer = decode_result(PicturePredictions, await asker.ask(question))
    probabilities = iter(answer.probabilities)
    classified = [
        replace(each, probabilities=next(probabilities)) if each.picture and each.picture.pixels is not None else each
        for each in found
    ]
    return classified, replace(place, epoch=answer.epoch)


class Printer:
    """Prints results as they arrive: JSON lines, plain lines, or drawings on a terminal."""

    def __init__(self, files: Sequence[str], *, json: bool) -> None:
        from engine.dataset.data_files import printable  # noqa: PLC0415 - not needed for --help
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

    def show(self, predictions: Sequence[Prediction], place: Place) -> None:
        """Print results; errors go to standard error. May raise OSError."""
        from tui.views.picture_predictions import heading  # noqa: PLC0415 - not needed for --help

        if not self._json and not self._headed and place.epoch is not None:
            self._headed = True
            self._print([heading(place)])
        for each in predictions:
            if self._json:
                self._print_document(each, place)
            elif not each.error:
                self._print(self._lines(each))
            if each.error:
                self.refused = True
                flush()
                print_error(each.error)

    def _lines(self, each: Prediction) -> list[str]:
        from tui.plotting.raster import ASCII, BLOCKS, crop, shades  # noqa: PLC0415
        from tui.views.picture_predictions import beside, line, verdict  # noqa: PLC0415 - as above

        if not self._draws or each.picture is None:
            return [line(each, self._name_width)]
        room = self._columns - _DRAWN - _GAP
        found, further = verdict(each)
        paragraphs = [each.name, found, further, "", *each.picture.said]
        texts = [part for text in paragraphs for part in textwrap.wrap(text, room) or [""]]
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
