# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What errors quote of an answer: enough to find the cause, and nothing of one that holds a token."""

from __future__ import annotations

import pytest
from azure.core.exceptions import DecodeError, HttpResponseError

from ansible_collections.planton.digitalocean.plugins.module_utils._client.digitalocean.answers import translate
from ansible_collections.planton.digitalocean.plugins.module_utils._client.operations import Call, find_operation
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.errors import BadAnswer

# What azure-core puts into its own message of an answer that it cannot use.
QUOTED = 'Operation returned an invalid status\nContent: {"auths": {"h": {"auth": "c2VjcmV0"}}}'


@pytest.mark.parametrize("kind", [HttpResponseError, DecodeError])
@pytest.mark.parametrize(
    ("path", "is_quoted"),
    [
        ("/v2/registries/kiwi/docker-credentials", False),
        ("/v2/kubernetes/clusters/7a/credentials", False),
        ("/v2/kubernetes/clusters/7a/kubeconfig", False),
        ("/v2/registries/kiwi/repositoriesV2", True),
    ],
)
def test_an_odd_answer_is_quoted_unless_it_may_hold_a_token(
    kind: type[HttpResponseError], path: str, is_quoted: bool
) -> None:
    operation = find_operation("GET", path)
    error = translate(kind(message=QUOTED), Call(operation, "read something"))
    assert isinstance(error, BadAnswer)
    assert ("c2VjcmV0" in str(error)) is is_quoted
