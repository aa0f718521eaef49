"""Lines that wait for a disk: in order, without a gap, and never more than memory is meant for them."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from engine import events as ev
from engine.log.write_buffer import Backlog
from engine.protocol import decode_event, encode
from tests.engine.strategies import examples
from tests.events_kit import BLOG, created, epoch_ended, opening, progress


def line(event: ev.Event, number: int) -> bytes:
    return encode(msgspec.structs.replace(event, seq=number, time=1.0))


def numbers(backlog: Backlog) -> list[int]:
    return [decode_event(each).seq for each in backlog.lines(0, 10**6)]


def tags(backlog: Backlog) -> list[str]:
    return [str(type(decode_event(each)).__struct_config__.tag) for each in backlog.lines(0, 10**6)]


def test_what_is_added_comes_out_in_order() -> None:
    backlog = Backlog(5)
    lines = [encode(ev.LogLine(seq=seq, text=str(seq))) for seq in range(5, 12)]
    for each in lines:
        backlog.add(each)
    assert len(backlog) == 7
    assert backlog.lines(8, 2) == lines[3:5]
    assert backlog.chunk(1) == lines[0]
    assert backlog.chunk(10**6) == b"".join(lines)
    backlog.drop(3)
    assert (backlog.first, len(backlog)) == (8, 4)
    assert backlog.chunk(10**6) == b"".join(lines[3:])
    backlog.take_back()
    assert numbers(backlog) == [8, 9, 10]


def test_details_are_given_up_before_epochs_and_the_oldest_first() -> None:
    events = [
        event for n in range(1, 31) for event in (progress(BLOG, n, 1), progress(BLOG, n, 1), epoch_ended(BLOG, n))
    ]
    lines = [line(event, number) for number, event in enumerate([created(), *events])]
    backlog = Backlog(0, limit=sum(map(len, lines)))
    for each in lines:
        backlog.add(each)
    told = tags(backlog)
    assert numbers(backlog) == list(range(91))
    assert told[0] == "run_created"
    assert told.count("epoch_ended") == 30
    gone = told.count("omitted")
    assert 0 < gone < 60
    assert backlog.lost == gone
    assert [tag for tag in told if tag in ("omitted", "progress")] == ["omitted"] * gone + ["progress"] * (60 - gone)


def test_what_a_run_began_with_and_its_latest_news_stay_when_everything_else_goes() -> None:
    backlog = Backlog(0, limit=20_000)
    events = [opening()[0], opening()[3], *(epoch_ended(BLOG, n) for n in range(1, 200))]
    for number, event in enumerate(events):
        backlog.add(line(event, number))
    told = tags(backlog)
    assert len(told) == 201
    assert told[:2] == ["run_created", "run_started"]
    kept = told.count("epoch_ended")
    assert told == ["run_created", "run_started", *["omitted"] * (199 - kept), *["epoch_ended"] * kept]
    assert kept > 5


def test_gaps_take_no_room() -> None:
    backlog = Backlog(0, limit=5_000)
    for number in range(20_000):
        backlog.add(encode(ev.LogLine(seq=number, text="x")))
    assert len(backlog) == 20_000
    assert len(backlog._items) < 200


@examples(60)
@given(
    doings=st.lists(st.sampled_from(("detail", "detail", "epoch", "drop", "take back")), max_size=60),
    limit=st.integers(200, 3000),
    first=st.integers(0, 9),
)
def test_whatever_is_done_every_number_is_there_once(doings: list[str], limit: int, first: int) -> None:
    backlog = Backlog(first, limit)
    expected: list[int] = []
    number, just_added = first, False
    for doing in doings:
        match doing:
            case "detail" | "epoch":
                event = progress(BLOG, 1, 1) if doing == "detail" else epoch_ended(BLOG, 1)
                backlog.add(line(event, number))
                expected.append(number)
                number += 1
            case "drop":
                backlog.drop(len(expected) // 2)
                del expected[: len(expected) // 2]
            case "take back" if just_added:
                backlog.take_back()
                expected.pop()
                number -= 1
        just_added = doing in ("detail", "epoch")
        assert numbers(backlog) == expected
        assert len(backlog) == len(expected)
        assert [decode_event(each).seq for each in backlog.chunk(10**6).splitlines()] == expected
        assert not expected or backlog.first == expected[0]
