# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The way to an API server: its address, its TLS, and the proxy between."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ..._domain.clusters.kubeconfig import (
    KubeEntry,
    ProxyAddress,
    ServerEntry,
    UnusableKubeconfig,
    parse_proxy,
    parse_server,
)
from ..._domain.clusters.objects import CONNECTIONS
from ..._domain.clusters.sign_in import has_certificate
from ..bounds import READ_TIMEOUTS, timed_pools
from ..sdk import create_urllib3_context
from ..settings import Settings
from ..tls import certificates_of, load_certificate, share
from .credentials import KubeCredentials, read_part
from .sdk import ApiClient, Configuration, make_headers, should_bypass_proxies


@dataclass(frozen=True)
class Door:
    """The way to an API server: its connections, and the path in front of all resources.

    Taken from the package once, since what it does to find them again costs more than the rest of a request. `proxy` is
    the address of the proxy between, without its login; None for no proxy.
    """

    pool: Any
    root: str
    credentials: KubeCredentials
    proxy: str | None = None


def open_door(cluster: KubeEntry, user: KubeEntry, settings: Settings) -> Door:
    """The way to a cluster for a user; raises UnusableKubeconfig. Nothing is sent, but an exec plug-in is run."""
    server = parse_server(cluster, has_certificate(user))
    credentials = KubeCredentials(user, cluster, settings.secrets)
    context = _tls_context(server, cluster, user, credentials.certificate())
    credentials.headers()  # a sign-in that fails is an error of the cluster, before the first request
    configuration = Configuration(host=server.address)
    configuration.connection_pool_maxsize = CONNECTIONS
    configuration.verify_ssl = not server.is_unverified
    configuration.tls_server_name = server.tls_server_name
    proxy = _choose_proxy(configuration, server)
    if proxy is not None:
        settings.secrets.add(proxy.password)
    _set_proxy(configuration, proxy)
    try:
        manager = ApiClient(configuration).rest_client.pool_manager
    except ImportError:
        why = f"the Python library PySocks is missing, which the proxy {proxy.url if proxy else ''} requires"
        raise UnusableKubeconfig(why, "install PySocks for the Python that runs the module") from None
    manager.connection_pool_kw["ssl_context"] = context
    limit_s = settings.read_timeout_s * READ_TIMEOUTS
    manager.pool_classes_by_scheme = dict(timed_pools(limit_s, manager.pool_classes_by_scheme))
    pool = manager.connection_from_url(server.address)
    root = f"{urlsplit(server.address).path}/api/v1"
    return Door(pool, root, credentials, None if proxy is None else proxy.url)


def _tls_context(
    server: ServerEntry, cluster: KubeEntry, user: KubeEntry, certificate: tuple[bytes, bytes] | None
) -> ssl.SSLContext:
    context = create_urllib3_context(cert_reqs=ssl.CERT_NONE if server.is_unverified else ssl.CERT_REQUIRED)
    # With Python 3.13 or newer this flag refuses a CA without keyUsage, which client-go and older Pythons accept.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    trusted = server.ca_data or (read_part(cluster, "certificate-authority") if server.ca_file else None)
    if server.is_unverified:
        pass
    elif trusted is None:
        context.load_default_certs()
    else:
        found = certificates_of(trusted)
        if found is None:
            key = "certificate-authority" if server.ca_file else "certificate-authority-data"
            raise UnusableKubeconfig(f"the field {key} of {cluster.words} holds no certificate in PEM")
        context.load_verify_locations(cadata=found)
    if certificate is not None:
        wrong = load_certificate(context, *certificate)
        if wrong is not None:
            raise UnusableKubeconfig(f"the client certificate of {user.words} cannot be used: {wrong}")
    return share(context)


def _choose_proxy(configuration: Configuration, server: ServerEntry) -> ProxyAddress | None:
    """The proxy of the kubeconfig, or of the environment where NO_PROXY does not except the server."""
    if server.proxy is not None:
        return server.proxy
    named = configuration.proxy
    if not named or should_bypass_proxies(server.address, configuration.no_proxy or ""):
        return None
    return parse_proxy(named if "://" in named else f"http://{named}", "the proxy in the environment (HTTPS_PROXY)")


def _set_proxy(configuration: Configuration, proxy: ProxyAddress | None) -> None:
    # What excepts the server from a proxy of the environment was looked at, and counts for no proxy-url.
    configuration.no_proxy = ""
    configuration.proxy = None if proxy is None else proxy.url
    if proxy is None or proxy.user is None:
        return
    if proxy.is_socks:
        configuration.proxy = f"{proxy.scheme}://{proxy.login}@{proxy.place}"
        return
    # The package sends a login in this header only, and not the login in the address.
    login = f"{proxy.user}:{proxy.password or ''}"
    configuration.proxy_headers = make_headers(proxy_basic_auth=login)
