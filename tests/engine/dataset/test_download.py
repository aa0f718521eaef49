"""What a download is judged by: its pace and its content."""

from __future__ import annotations

import gzip
import hashlib

import pytest

from engine.dataset import download
from engine.dataset.download import SLOWEST, DownloadError, Pace, expect_content, opener_for_data

CONTENT = b"the content" * 100
SUM = hashlib.sha256(CONTENT).hexdigest()


def test_a_server_that_keeps_its_pace_is_not_stalled() -> None:
    pace = Pace(window=10, since=0)
    assert not any(pace.stalled(SLOWEST, second) for second in range(1, 100))


def test_a_server_that_drips_is_stalled_when_the_window_ends() -> None:
    pace = Pace(window=10, since=0)
    assert [second for second in range(1, 13) if pace.stalled(1, second)] == [10]


def test_a_burst_does_not_pay_for_a_later_stall() -> None:
    pace = Pace(window=10, since=0)
    assert not pace.stalled(50_000_000, 10)
    assert pace.stalled(1, 20)


def test_the_right_content_is_accepted() -> None:
    expect_content(gzip.compress(CONTENT), SUM)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "not gzip data"),
        (CONTENT, "not gzip data"),
        (b"<html></html>", "a web page instead of the file"),
        (gzip.compress(CONTENT, mtime=0)[:-1], "damaged gzip data"),
        (gzip.compress(CONTENT, mtime=0)[:-8] + bytes(8), "damaged gzip data"),
        (b"\x1f\x8b\x08" + b"\xff" * 20, "damaged gzip data"),
        (
            gzip.compress(b"other", mtime=0),
            f"other content: SHA-256 {hashlib.sha256(b'other').hexdigest()[:12]}….*{SUM[:12]}",
        ),
    ],
)
def test_other_content_is_refused(body: bytes, said: str) -> None:
    with pytest.raises(DownloadError, match=said):
        expect_content(body, SUM)


def test_content_that_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "LARGEST", len(CONTENT) - 1)
    with pytest.raises(DownloadError, match="more than 1099 bytes when unpacked"):
        expect_content(gzip.compress(CONTENT), SUM)


@pytest.mark.parametrize("url", ["ftp://example.org/file", "data:text/plain,hello", "gopher://example.org/", "file"])
def test_addresses_of_other_kinds_are_not_opened(url: str) -> None:
    with pytest.raises(DownloadError):
        list(download.chunks(url, opener_for_data(), 1))
