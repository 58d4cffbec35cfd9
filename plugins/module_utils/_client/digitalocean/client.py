# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""DigitalOcean's API through pydo: what the ports of the services require (`_service/ports`)."""

from __future__ import annotations

from importlib import import_module
from typing import TypeVar

from ..operations import Effect
from ..sdk import Client
from ..settings import Settings
from .account import AccountCalls
from .apps import AppCalls
from .collections import CollectionCalls
from .credentials import CredentialCalls
from .integrations import IntegrationCalls
from .pipeline import OwnHeaders, OwnToken, PatientRetry, ReadOnly, ServiceClock, StrictAnswers
from .registries import RegistryCalls


class DigitalOceanApi(AccountCalls, RegistryCalls, CollectionCalls, CredentialCalls, IntegrationCalls, AppCalls):
    """All resources of the API that this collection uses."""


A = TypeVar("A", bound=DigitalOceanApi)


def open_api(settings: Settings) -> DigitalOceanApi:
    """A client for these settings; connects with the first call."""
    return open_api_of(DigitalOceanApi, settings)


def warm_up() -> None:
    """Import what the first client imports, so that a fork of this process need not; sends nothing.

    Raises one of LOAD_ERRORS where the libraries do not fit together.
    """
    open_api(Settings(token="none"))
    import_module("azure.core.rest._requests_basic")


def open_api_of(kind: type[A], settings: Settings) -> A:
    """A client of this kind for these settings."""
    clock = ServiceClock()
    # In reverse order for answers: the clock reads the date of an error before the error is raised.
    allowed = (Effect.READ, Effect.ENTER) if settings.may_enter_clusters else (Effect.READ,)
    policies = ([ReadOnly(allowed)] if settings.is_read_only else []) + [StrictAnswers(), OwnHeaders(), clock]
    client = Client(
        settings.token,
        endpoint=settings.endpoint,
        transport=OwnToken(
            connection_verify=settings.ca_path or True,
            connection_timeout=settings.connect_timeout_s,
            read_timeout=settings.read_timeout_s,
        ),
        # A budget over all tries of a call; it must not end a wait for the rate limit that was allowed.
        timeout=settings.rate_limit_wait_s + 5 * settings.read_timeout_s,
        retry_policy=PatientRetry(settings.rate_limit_wait_s),
        per_call_policies=policies,
        permit_redirects=False,
        user_agent=settings.user_agent,
    )
    return kind(client, clock, settings)
