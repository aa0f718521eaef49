"""The glossary: words that this project once used where the field has a term of its own.

    python -m tests.test_words [PATH …] [--count]

lists every one that is left, as `file:line: word → term`, or counts them for each file. The test requires that none is
left in the paths of `DONE`.
"""

from __future__ import annotations

import argparse
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent
SCOPE = ("tui", "engine", "docs", "README.md", "CHANGELOG.md")
SUFFIXES = (".py", ".md", ".toml", ".tcss")

DONE: tuple[str, ...] = ("README.md", "CHANGELOG.md", "docs", "engine/help")
"""Files and folders without a word of the glossary."""


class Word(NamedTuple):
    """A word or phrase to avoid, as a regular expression, and the field's term."""

    pattern: str
    term: str


class Kept(NamedTuple):
    """What stays in spite of the glossary: text matching `pattern` in files whose path begins with `path`."""

    pattern: str
    path: str
    reason: str


class Found(NamedTuple):
    """One occurrence, at a line from 1."""

    path: str
    line: int
    text: str
    term: str


# A space in a pattern also stands for an underscore and the end of a line. No pattern has a group of its own.
GLOSSARY = (
    # predictions
    Word(r"readings", "predictions"),
    Word(
        r"(?:a|the|its|their|whose|no|every|each|this|that|right|wrong|network's|model's|digit's|first|last|both) reading"
        r"(?! (?:of|from|a|the|it|them|is|in|takes?|all|and writing) )(?!/)",
        "prediction",
    ),
    Word(r"(?:is|are|was|were|be|been|it|them|as)? ?reads? as(?! (?:it|is|if|long|they|a|well|far)\b)", "predicted as"),
    Word(r"reads? (?:right|wrong|it right|it wrong|them right|them wrong)", "correct, misclassified"),
    Word(r"it reads(?= [\"'.,]|$)", "prediction"),
    Word(r"reads [0-9]", "predicted: N"),
    Word(r"rightly", "correctly; correct"),
    Word(r"wrongly", "misclassified, incorrect"),
    Word(r"surest", "most confident"),
    Word(
        r"(?:how|too|as|so|less|more|not|is|are|it's|when|un)? ?(?<!make )(?<!makes )(?<!making )(?<!made )(?<!be )sure",
        "confident, confidence, certain",
    ),
    Word(r"unsure", "low confidence"),
    # events and callbacks
    Word(r"told|untold", "reported, emitted, sent; callback"),
    Word(r"tells(?! [^.\n]{0,30}apart)", "reports, shows, says"),
    Word(r"telling(?! [^.\n]{0,30}apart)", "reporting"),
    Word(
        r"(?<!cannot )(?<!can )(?<!could )(?<!to )(?<!not )tell(?! [^.\n]{0,30}apart)(?! (?:whether|which|if|when))",
        "report, emit, notify",
    ),
    Word(r"heard|hears?(?! from)", "received; callback"),
    Word(r"letter box", "command queue"),
    # the network
    Word(r"bends?", "activation, nonlinearity"),
    Word(r"disturb(?:ed|s|ance|ances)", "corrupted, corruption"),
    Word(r"scatter(?:s|ed)?(?! plot)(?!_\()(?!_add)", "noise, spread, standard error"),
    Word(r"kin", "family"),
    Word(r"by heart", "memorizes, overfitting"),
    # results
    Word(r"figures?", "metric, value, number"),
    Word(r"looks? at the (?:test|same test)|test looks?|looks?_(?:at|best|last)", "evaluation, evaluate"),
    Word(r"looks(?! (?:like|for|up|good|right|different|alike|the same))", "evaluations; checks, reads, examines"),
    Word(r"looked(?! (?:like|up))", "evaluated; checked, read, examined"),
    Word(r"(?:a|the|this|each|every|last|one|no|new|kept|its|own|later|latest|first) look(?! of)", "evaluation; check"),
    Word(r"def look|\.look\(", "evaluate; the verb of the layer"),
    Word(r"put(?:s|ting)? (?:\w+ )?right", "fix, fixed"),
    Word(r"images a second|steps a second|frames a second", "images/s, per second"),
    # runs
    Word(r"(?:go|goes|going|went|gone) on(?! the)", "resume, continue"),
    Word(r"standings?(?! apart)", "training state; status"),
    Word(r"(?<!of )courses?", "segment; trend"),
    Word(r"performances?", "experiment run"),
    Word(r"(?:leave|leaves|left) (?:it|them|this) at that", "cancel"),
    Word(
        r"what (?:has |will |shall |is to )?(?:become|becomes|became) of|shall become",
        "outcome, result; what happens to",
    ),
    # manner
    Word(r"heed(?:s|ed|ing)?", "accept, follow, handle"),
    Word(r"harm(?:s|ed|ful|less|ing)?", "damage, break, affect; safe"),
    Word(r"whether (?:it|that|this) (?:is|was) so", "return whether …"),
    Word(r"lest", "to avoid, in case"),
    Word(r"anew", "again"),
    Word(r"(?:is|are|was|were) to be", "should be, must be"),
    Word(r"wherein|whereof|thereof|therein|thereby|whereby|thereto|hereby", "in which, of it"),
    Word(r"word of the trade", "term"),
    Word(r"news", "events, updates"),
    # spelling and numbers
    Word(
        r"\w*colour\w*|grey\w*|catalogue\w*|(?:normal|initial|memor|recogn|general|regular|serial|minim|maxim|synchron|summar|"
        r"optim|visual|organ|quant|vector|util|random|custom|emphas|real|token|discret)is(?:e|es|ed|er|ing|ation|ations)|"
        r"centr(?:e|es|ed|ing)|\w*neighbour\w*|behaviours?|honour\w*|favour\w*|labell(?:ed|ing)|cancell(?:ed|ing)|chequer\w*|"
        r"learnt|towards|unlabelled",
        "American spelling",
    ),
    Word(r"[0-9}] %(?![sdrif%(])", "97.4%"),
    Word(r"(?<![0-9.,×_-] )(?<![0-9.,×_-])[0-9]{1,3}(?: [0-9]{3})+(?![0-9._×]| [0-9])", "10,000"),
)

KEPT = (
    Kept(r"readings\.bin|\"readings\"|`readings`", "", "name of a file in run folders, and of a JSON field"),
    Kept(
        r"look-(?:best|last|\{\w+\}|\*)(?:\.npz)?|\"look-\w*|`looks`|\"looks\"|name=\"\w*looks?\w*\"",
        "",
        "names of files, and of a JSON field",
    ),
    Kept(r"`heard`|\"heard\"|last_heard", "", "name of a JSON field"),
    Kept(r"name=\"\w+\"", "", "name of a field on the wire"),
    Kept(r"`(?:disturbance|figures|scatter|looked_at)`", "docs/events.md", "names of JSON fields"),
    Kept(r"`make figures`", "", "a target of the Makefile"),
    Kept(r"(?:\[performance\]\(docs/)?performance\.md", "", "name of a file"),
    Kept(r"performance", "docs/performance.md", "speed, not an experiment run"),
    Kept(r"CancelledError|WorkerCancelled\w*|is_cancelled|\w*\.cancelled\(\)", "", "names of asyncio and Textual"),
    Kept(r"\"colourblind\"", "tui/app/themes.py", "the name in configurations of 0.1.0"),
    Kept(r"= \[\".*", "engine/help/en/contents.toml", "synonyms that the search finds"),
    Kept(r"to grey|grey\.\w+|_grey\b", "", "names of libraries"),
)

_UNDERSCORE = re.compile(r"_(?![0-9])|(?<![0-9])_")
"""One between the words of a name, and not between digits."""


@cache
def _pattern() -> re.Pattern[str]:
    """One expression for the whole glossary, with a group for each entry. Parts of snake_case and CamelCase names are words."""
    begin = r"(?:(?<![A-Za-z])|(?-i:(?<=[a-z])(?=[A-Z])))"
    end = r"(?:(?![A-Za-z])|(?-i:(?<=[a-z])(?=[A-Z])))"
    return re.compile(rf"{begin}(?:{'|'.join(f'({word.pattern})' for word in GLOSSARY)}){end}", re.IGNORECASE)


def find(path: str, text: str) -> Iterator[Found]:
    """The glossary words in a file's text. Phrases may go over the end of a line, also in comments."""
    keep = [re.compile(kept.pattern) for kept in KEPT if path.startswith(kept.path)]
    starts, parts, size = [], [], 0
    for line in text.splitlines():
        for pattern in keep:
            line = pattern.sub("·", line)  # noqa: PLW2901
        part = (line.strip().removeprefix("# ") or "¶") + " "
        starts.append(size)
        parts.append(part)
        size += len(part)
    joined = "".join(parts)
    for match in _pattern().finditer(joined):
        assert match.lastindex is not None
        term = GLOSSARY[match.lastindex - 1].term
        yield Found(path, bisect_right(starts, match.start()), match[0].strip(), term)


def files(paths: Iterable[str]) -> Iterator[str]:
    """The files of these folders that hold text, and these files themselves, relative to the root."""
    for path in paths:
        below = ROOT / path
        for file in [below] if below.is_file() else sorted(below.rglob("*")):
            if file.suffix in SUFFIXES and file.is_file():
                yield str(file.relative_to(ROOT))


def find_in(paths: Iterable[str]) -> list[Found]:
    return [found for path in files(paths) for found in find(path, (ROOT / path).read_text())]


def test_no_word_of_the_glossary_is_left() -> None:
    found = find_in(DONE)
    assert not found, "\n".join(f"{each.path}:{each.line}: {each.text} → {each.term}" for each in found)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("it goes\n    # on from here", ["goes on"]),
        ("def standing_of(self): ...", ["standing"]),
        ("class CourseMark:", ["Course"]),
        ("of course, courses", ["courses"]),
        ("cannot tell them apart", []),
        ("97.4 % of 10 000", ["4 %", "10 000"]),
        ("97.4% of 10,000", []),
        ("with open(path) as file: reading a file", []),
    ],
)
def test_what_is_found(text: str, expected: list[str]) -> None:
    assert [each.text for each in find("tui/made_up.py", text)] == expected


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.test_words", description=__doc__)
    parser.add_argument(
        "paths", nargs="*", default=SCOPE, metavar="PATH", help=f"files and folders (default: {' '.join(SCOPE)})"
    )
    parser.add_argument("--count", action="store_true", help="only count the words in each file")
    args = parser.parse_args()
    found = find_in(args.paths)
    if args.count:
        for path, number in Counter(each.path for each in found).most_common():
            print(f"{number:5} {path}")
    else:
        for each in found:
            print(f"{each.path}:{each.line}: {each.text} → {each.term}")
    print(f"{len(found):5} in all")


if __name__ == "__main__":
    main()
