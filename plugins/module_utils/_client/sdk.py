# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The only import of pydo and azure-core: guarded, so that a host without them gets a sentence, not a traceback."""

from __future__ import annotations

import traceback

# What the import of a library raises that is missing, or broken by another version of what the library imports. Ansible
# imports this file in the controller too, where a play must go on that needs no library.
LOAD_ERRORS = (ImportError, AttributeError, TypeError, ValueError, SyntaxError, OSError, RuntimeError)

IMPORT_ERROR: str | None = None
try:
    import requests
    from azure.core.exceptions import (
        AzureError,
        DecodeError,
        HttpResponseError,
        ServiceRequestError,
        ServiceResponseError,
        ServiceResponseTimeoutError,
    )
    from azure.core.pipeline import PipelineRequest, PipelineResponse
    from azure.core.pipeline.policies import RetryPolicy, SansIOHTTPPolicy
    from azure.core.pipeline.transport import RequestsTransport
    from azure.core.rest import HttpRequest
    from pydo import Client
    from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
    from urllib3.exceptions import MaxRetryError, ProxyError
    from urllib3.util.ssl_ import create_urllib3_context
except LOAD_ERRORS:
    IMPORT_ERROR = traceback.format_exc()

    class _Missing:
        """Stands for a base class, so that the files of the policies still load."""

        def __class_getitem__(cls, item: object) -> type:
            return cls

    AzureError = DecodeError = HttpResponseError = Exception  # type: ignore[misc,assignment]
    ServiceRequestError = ServiceResponseError = ServiceResponseTimeoutError = Exception  # type: ignore[misc,assignment]
    MaxRetryError = ProxyError = Exception  # type: ignore[misc,assignment]
    PipelineRequest = PipelineResponse = RetryPolicy = SansIOHTTPPolicy = _Missing  # type: ignore[misc,assignment]
    HTTPConnectionPool = HTTPSConnectionPool = object  # type: ignore[misc,assignment]
    create_urllib3_context = object  # type: ignore[assignment]

    class requests:  # type: ignore[no-redef]  # noqa: N801 - stands for the package
        """Stands for requests, so that classes that derive from its classes still load."""

        RequestException = Exception

        class adapters:  # noqa: N801 - stands for the module
            """Stands for the adapters."""

            HTTPAdapter = object

    HttpRequest = RequestsTransport = Client = _Missing  # type: ignore[misc,assignment]

__all__ = [
    "IMPORT_ERROR",
    "LOAD_ERRORS",
    "AzureError",
    "Client",
    "DecodeError",
    "HTTPConnectionPool",
    "HTTPSConnectionPool",
    "HttpRequest",
    "HttpResponseError",
    "MaxRetryError",
    "PipelineRequest",
    "PipelineResponse",
    "ProxyError",
    "RequestsTransport",
    "RetryPolicy",
    "SansIOHTTPPolicy",
    "ServiceRequestError",
    "ServiceResponseError",
    "ServiceResponseTimeoutError",
    "create_urllib3_context",
    "requests",
]
