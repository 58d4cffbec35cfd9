# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The only import of kubernetes, guarded: most modules do without it, and what it costs is not paid by them."""

from __future__ import annotations

import traceback

from ..sdk import LOAD_ERRORS

KUBE_IMPORT_ERROR: str | None = None
try:
    from kubernetes.client.api_client import ApiClient
    from kubernetes.client.configuration import Configuration
    from kubernetes.client.rest import should_bypass_proxies
    from urllib3 import HTTPHeaderDict, Retry, Timeout, make_headers
    from urllib3.exceptions import (
        ConnectTimeoutError,
        HTTPError,
        MaxRetryError,
        NewConnectionError,
        ReadTimeoutError,
    )
    from yaml import SafeLoader, YAMLError, load

    try:
        # libyaml takes a tab behind a colon, as the YAML reader of client-go does.
        from yaml import CSafeLoader as YAMLLoader
    except ImportError:
        YAMLLoader = SafeLoader  # type: ignore[misc,assignment]
except LOAD_ERRORS:
    KUBE_IMPORT_ERROR = traceback.format_exc()
    ApiClient = Configuration = HTTPHeaderDict = Retry = Timeout = object  # type: ignore[misc,assignment]
    HTTPError = YAMLError = Exception  # type: ignore[misc,assignment]
    ConnectTimeoutError = MaxRetryError = NewConnectionError = Exception  # type: ignore[misc,assignment]
    ReadTimeoutError = Exception  # type: ignore[misc,assignment]
    make_headers = should_bypass_proxies = object  # type: ignore[assignment]
    YAMLLoader = load = object  # type: ignore[misc,assignment]

__all__ = [
    "KUBE_IMPORT_ERROR",
    "ApiClient",
    "Configuration",
    "ConnectTimeoutError",
    "HTTPError",
    "HTTPHeaderDict",
    "MaxRetryError",
    "NewConnectionError",
    "ReadTimeoutError",
    "Retry",
    "Timeout",
    "YAMLError",
    "YAMLLoader",
    "load",
    "make_headers",
    "should_bypass_proxies",
]
