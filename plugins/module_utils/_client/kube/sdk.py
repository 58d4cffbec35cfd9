# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The only import of kubernetes, guarded: most modules do without it, and what it costs is not paid by them."""

from __future__ import annotations

import traceback

KUBE_IMPORT_ERROR: str | None = None
try:
    from kubernetes.client.api_client import ApiClient
    from kubernetes.client.configuration import Configuration
    from kubernetes.config.config_exception import ConfigException
    from kubernetes.config.kube_config import KubeConfigMerger, load_kube_config, load_kube_config_from_dict
    from urllib3 import Retry, Timeout
    from urllib3.exceptions import ConnectTimeoutError, HTTPError, MaxRetryError, NewConnectionError, SSLError
    from yaml import YAMLError
except ImportError:
    KUBE_IMPORT_ERROR = traceback.format_exc()
    ApiClient = Configuration = Retry = Timeout = object  # type: ignore[misc,assignment]
    ConfigException = HTTPError = SSLError = YAMLError = Exception  # type: ignore[misc,assignment]
    ConnectTimeoutError = MaxRetryError = NewConnectionError = Exception  # type: ignore[misc,assignment]
    KubeConfigMerger = object  # type: ignore[misc,assignment]
    load_kube_config = load_kube_config_from_dict = object  # type: ignore[assignment]

__all__ = [
    "KUBE_IMPORT_ERROR",
    "ApiClient",
    "ConfigException",
    "Configuration",
    "ConnectTimeoutError",
    "HTTPError",
    "KubeConfigMerger",
    "MaxRetryError",
    "NewConnectionError",
    "Retry",
    "SSLError",
    "Timeout",
    "YAMLError",
    "load_kube_config",
    "load_kube_config_from_dict",
]
