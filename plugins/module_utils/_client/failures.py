# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why no answer came, in words: the libraries put errors into errors, and show the names of their classes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

from .errors import reason_of, service_text
from .sdk import ProxyError, requests
from .secret_texts import SecretTexts
from .tls import TlsFailure, explain_tls

_MOST_CAUSES = 10
_MOST_CHARACTERS = 200
# What OpenSSL, the system and urllib3 put before and behind their words.
_FRAMES = re.compile(r"^\w+\([^()]*\): |\[Errno -?\d+\] |\[SSL[^\]]*\] | ?\(_ssl\.c:\d+\)")
_ONLY_AN_OBJECT = re.compile(r"^\w+\((?P<inside>.*)\)$", re.DOTALL)
_LOGIN_REQUIRED = "407"


class ProxyFailure(NamedTuple):
    """How a proxy ended a request before the request was sent, and what to do next."""

    why: str
    advice: str


def cause_words(error: BaseException, secrets: SecretTexts | None = None) -> str:
    """The words of the innermost cause, as one line."""
    inner = list(_causes(error))[-1]
    text = str(inner)
    if isinstance(inner, OSError) and inner.strerror:
        text = inner.strerror
    elif len(inner.args) > 1 and isinstance(inner.args[-1], str):
        text = inner.args[-1]  # behind the connection, as errors of urllib3 have the text
    text = _FRAMES.sub("", text)
    only = _ONLY_AN_OBJECT.match(text)
    text = only["inside"] if only else text
    return service_text(text if secrets is None else secrets.mask(text), _MOST_CHARACTERS) or reason_of(Exception())


def tls_failure(error: BaseException) -> TlsFailure | None:
    """Why TLS failed; None for an error of another kind."""
    return next((found for one in _causes(error) if (found := explain_tls(repr(one))) is not None), None)


def proxy_failure(error: BaseException, proxy: str | None, secrets: SecretTexts | None = None) -> ProxyFailure | None:
    """How the proxy at the address `proxy` failed; None where no proxy failed."""
    if not any(isinstance(one, (ProxyError, requests.exceptions.ProxyError)) for one in _causes(error)):
        return None
    told = cause_words(error, secrets)
    name = f"the proxy {proxy}" if proxy else "the proxy"
    if "Tunnel connection failed" not in told:
        return ProxyFailure(f"{name} cannot be reached ({told})", "check the address of the proxy")
    advice = "check that the proxy allows connections to this server"
    if f"failed: {_LOGIN_REQUIRED}" in told:
        advice = "write the login of the proxy in its address, as http://USER:PASSWORD@HOST:PORT"
    return ProxyFailure(f"{name} refused to connect to the server ({told})", advice)


def proxy_of(url: str | None) -> str | None:
    """The proxy of the environment for an address, without its login; None for no proxy."""
    if not url:
        return None
    named = requests.utils.select_proxy(url, requests.utils.get_environ_proxies(url, no_proxy=None))
    if not named:
        return None
    parts = urlsplit(named if "://" in named else f"http://{named}")
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what caused the error, from the outside to the inside."""
    one: BaseException | None = error
    for _number in range(_MOST_CAUSES):
        if one is None:
            return
        yield one
        # urllib3 names the cause in `reason` and `original_error`, azure-core in `inner_exception`, others in `args`.
        named = [getattr(one, name, None) for name in ("reason", "original_error", "inner_exception")]
        one = next((cause for cause in (*named, *reversed(one.args)) if isinstance(cause, BaseException)), None)
