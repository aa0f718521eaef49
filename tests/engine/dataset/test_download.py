"""What a download is judged by: its pace and its content."""

from __future__ import annotations

import gzip
import hashlib
import os
import socket
import ssl
from pathlib import Path
from urllib.error import URLError

import pytest

from engine.dataset import download, fetch
from engine.dataset.download import SLOWEST, DownloadError, Pace, expect_content, opener_for_data
from engine.errors import DataProblem

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


@pytest.fixture
def no_proxy_here(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name == "SSL_CERT_FILE":
            monkeypatch.delenv(name)
    return monkeypatch


def test_the_proxy_that_a_request_takes_is_named_without_its_password(no_proxy_here: pytest.MonkeyPatch) -> None:
    assert list(download.way_there("https://host/file", OSError())) == []
    no_proxy_here.setenv("HTTPS_PROXY", "http://ada:secret@proxy:3128")
    [said] = download.way_there("https://host/file", OSError())
    assert "HTTPS_PROXY (proxy:3128)" in said
    assert "secret" not in said
    assert list(download.way_there("http://host/file", OSError())) == []
    no_proxy_here.setenv("no_proxy", "host")
    assert list(download.way_there("https://host/file", OSError())) == []


def test_a_variable_that_is_not_heeded_is_named(no_proxy_here: pytest.MonkeyPatch) -> None:
    no_proxy_here.setenv("ALL_PROXY", "socks5://proxy:1080")
    [said] = download.way_there("https://host/file", OSError())
    assert said.startswith("ALL_PROXY is not heeded here")


def test_a_certificate_that_is_refused_says_what_to_set(no_proxy_here: pytest.MonkeyPatch, tmp_path: Path) -> None:
    refused = DownloadError("refused")
    refused.__cause__ = URLError(ssl.SSLCertVerificationError(1, "self-signed certificate"))
    [said] = download.way_there("https://host/file", refused)
    assert "set SSL_CERT_FILE to the file (PEM)" in said
    no_proxy_here.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    [said] = download.way_there("https://host/file", refused)
    assert f"{tmp_path / 'none.pem'}, which is no file (SSL_CERT_FILE names that file)" in said


def test_the_message_of_a_fetch_names_the_proxy_once(no_proxy_here: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    no_proxy_here.setenv("http_proxy", f"http://127.0.0.1:{port}")
    with pytest.raises(DataProblem) as problem:
        fetch(tmp_path, ["http://mirror.example/a", "http://mirror.example/b"], timeout=5)
    assert str(problem.value).count(f"http_proxy (127.0.0.1:{port})") == 1
    assert str(problem.value).count("(Connection refused)") == 2
