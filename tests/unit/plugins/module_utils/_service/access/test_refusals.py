# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which failed write concerns one namespace, and which the whole cluster."""

from __future__ import annotations

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.errors import (
    Answer,
    DocrError,
    Interrupted,
    Refused,
    ServerFault,
    Unanswered,
    Unreachable,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._service.access.refusals import Refusals

WORDS = "update the secret pear/docr-direct-kiwi"
SLOW = Unanswered(WORDS, "Read timed out", "run the task again")
TOO_SLOW = ServerFault(WORDS, Answer(504, "Timeout", "request did not complete"), "run the task again")
PLACES = ("fig", "pear", "plum", "quince")


def write(refusals: Refusals, errors: dict[str, DocrError]) -> tuple[str, ...]:
    """Write into the four namespaces, of which some fail."""

    def attempt(place: str) -> None:
        if place in errors:
            raise errors[place]

    return refusals.try_each(PLACES, attempt, lambda place: (("kiwi",), place))


@pytest.mark.parametrize("error", [SLOW, TOO_SLOW, Refused(WORDS, "quota", "raise the quota")], ids=range(3))
def test_write_that_one_namespace_does_not_answer_stops_no_other_namespace(error: DocrError) -> None:
    refusals = Refusals()
    assert write(refusals, {"pear": error}) == ("fig", "plum", "quince")
    assert write(refusals, {"pear": error}) == ("fig", "plum", "quince")
    assert dict(refusals.of("kiwi")) == {"pear": error}


@pytest.mark.parametrize("error", [SLOW, TOO_SLOW], ids=["no answer", "504"])
def test_third_namespace_that_does_not_answer_is_an_error_of_the_cluster(error: DocrError) -> None:
    refusals = Refusals()
    assert write(refusals, {"pear": error, "plum": error}) == ("fig", "quince")
    with pytest.raises(type(error)):
        write(refusals, {"fig": error})


@pytest.mark.parametrize(
    "error",
    [
        Unreachable(WORDS, "no route", "check the network"),
        Interrupted(WORDS, "the connection ended", "run the task again"),
        ServerFault(WORDS, Answer(503, "ServiceUnavailable", "the server is starting"), "run the task again"),
    ],
    ids=["unreachable", "ended", "503"],
)
def test_error_of_the_cluster_ends_the_work(error: DocrError) -> None:
    with pytest.raises(type(error)):
        write(Refusals(), {"pear": error})
