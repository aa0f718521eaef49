"""One download from one address, bounded in time and size, and the check of what came."""

from __future__ import annotations

import gzip
import hashlib
import os
import ssl
import time
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPException
from io import BytesIO
from typing import Any, Final
from urllib import request
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from engine.dataset.data_files import GZIP_MAGIC, is_web_page, printable, read_up_to

LARGEST: Final = 64 << 20
"""The most bytes a download may have, packed and unpacked (64 MiB); MNIST's largest file has 10 MB, unpacked 47 MB."""

SLOWEST: Final = 1024
"""Bytes a second below which a server counts as stalled: MNIST would take three hours."""

_CHUNK: Final = 1 << 16


class DownloadError(Exception):
    """Why an address did not give the file: a few words, such as "HTTP 403 Forbidden"."""


@dataclass(slots=True)
class Pace:
    """Tells a stalled server from a slow one: fewer than SLOWEST bytes a second for `window` seconds.

    The socket's own timeout does not: a byte now and then keeps it content.
    """

    window: float
    since: float
    count: int = 0

    def stalled(self, size: int, now: float) -> bool:
        """Note that `size` bytes came by the time `now`, in seconds."""
        self.count += size
        if now - self.since < self.window:
            return False
        slow = self.count < SLOWEST * (now - self.since)
        self.since, self.count = now, 0
        return slow


def opener_for_data() -> request.OpenerDirector:
    """An opener for http, https and file addresses and for no others; it honors the usual proxy variables."""
    opener = request.OpenerDirector()
    opener.addheaders = [("User-Agent", "mnist-tui")]
    for handler in (
        request.ProxyHandler,
        request.HTTPHandler,
        request.HTTPSHandler,
        request.FileHandler,
        request.HTTPRedirectHandler,
        request.HTTPDefaultErrorHandler,
        request.HTTPErrorProcessor,
        request.UnknownHandler,
    ):
        opener.add_handler(handler())
    return opener


def chunks(url: str, opener: request.OpenerDirector, timeout: float) -> Iterator[tuple[bytes, int | None]]:
    """The body found at an address, piece by piece, each with the body's size (None when the server does not say).

    An empty piece comes first, once the server has answered. Raises DownloadError when the server refuses, breaks off,
    sends nothing for `timeout` seconds, stalls, or sends too much.
    """
    try:
        with opener.open(url, timeout=timeout) as response:
            declared = response.headers.get("Content-Length", "")
            total = int(declared) if declared.isdecimal() else None
            yield b"", total
            for chunk in _bounded(response, Pace(timeout, time.monotonic()), total):
                yield chunk, total
    except (OSError, HTTPException, ValueError) as fault:
        if isinstance(fault, HTTPError):
            fault.close()
        raise DownloadError(printable(_reason(fault, timeout), 200)) from fault


def expect_content(body: bytes | bytearray, sha256: str) -> None:
    """Raise DownloadError unless a body is gzip data whose content has this SHA-256 (hexadecimal)."""
    if is_web_page(body):
        raise DownloadError("a web page instead of the file")
    if not body.startswith(GZIP_MAGIC):
        raise DownloadError("not gzip data")
    try:
        content = read_up_to(gzip.GzipFile(fileobj=BytesIO(body)), LARGEST + 1)
    except (EOFError, OSError, zlib.error) as fault:
        raise DownloadError(f"damaged gzip data: {fault}") from fault
    if len(content) > LARGEST:
        raise DownloadError(f"more than {LARGEST} bytes when unpacked")
    if (found := hashlib.sha256(content).hexdigest()) != sha256:
        raise DownloadError(f"other content: SHA-256 {found[:12]}…, expected {sha256[:12]}…")


def way_there(url: str, fault: BaseException, environ: Mapping[str, str] = os.environ) -> Iterator[str]:
    """What between here and the server may have had a part in a fault, in words: a certificate, a proxy."""
    if _is_about_certificates(fault):
        yield _about_certificates(environ)
    if proxy := proxy_for(url, environ):
        yield f"the way goes through the proxy of {proxy}: set that variable right, or except the server with no_proxy"
    elif name := next((each for each in ("all_proxy", "ALL_PROXY") if environ.get(each)), ""):
        yield f"{name} is not heeded here; where a proxy is needed, https_proxy and http_proxy name it"


def proxy_for(url: str, environ: Mapping[str, str] = os.environ) -> str:
    """The variable of the proxy that a request takes, and its address without a password; empty where it takes none."""
    found = urlsplit(url)
    used = request.getproxies().get(found.scheme)
    if found.scheme not in ("http", "https") or not used or request.proxy_bypass(found.hostname or ""):
        return ""
    address = used.rpartition("@")[2].rpartition("//")[2]
    names = [name for name, value in environ.items() if name.lower() == f"{found.scheme}_proxy" and value == used]
    return f"{names[0]} ({address})" if names else f"this system's settings ({address})"


def _is_about_certificates(fault: BaseException | None) -> bool:
    while fault is not None:
        if isinstance(fault, ssl.SSLCertVerificationError):
            return True
        inner = getattr(fault, "reason", None)
        fault = inner if isinstance(inner, BaseException) else fault.__cause__
    return False


def _about_certificates(environ: Mapping[str, str]) -> str:
    variable = ssl.get_default_verify_paths().openssl_cafile_env
    if given := environ.get(variable):
        there = "" if os.path.isfile(given) else ", which is no file"  # noqa: PTH113 - of any text
        return (
            f"the server's certificate is not signed by an authority in {given}{there} ({variable} names that file): "
            "put the certificate (PEM) of its authority, or of a proxy that signs anew, there"
        )
    return (
        "the server's certificate is not signed by an authority that this machine trusts; behind a proxy that signs "
        f"anew, set {variable} to the file (PEM) with the certificate of its authority"
    )


def _bounded(response: Any, pace: Pace, total: int | None) -> Iterator[bytes]:
    """The pieces of a body, as long as it keeps its pace and its size."""
    count = 0
    while chunk := response.read1(_CHUNK):
        count += len(chunk)
        if count > LARGEST:
            raise DownloadError(f"more than {LARGEST} bytes")
        yield chunk
        if pace.stalled(len(chunk), time.monotonic()):
            raise DownloadError(f"stalled after {count} bytes")
    if total is not None and count < total:
        raise DownloadError(f"broke off after {count} of {total} bytes")


def _reason(fault: Exception, timeout: float) -> str:
    match fault:
        case ssl.SSLCertVerificationError():
            return f"certificate refused: {fault.verify_message}"
        case HTTPError():
            return f"HTTP {fault.code} {fault.reason}"
        case URLError(reason=Exception() as cause):
            return _reason(cause, timeout)
        case TimeoutError():
            return f"no data for {timeout:g} seconds"
        case OSError(strerror=str() as text):
            return text
    return f"{type(fault).__name__}: {fault}"
