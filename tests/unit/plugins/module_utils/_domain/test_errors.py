# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Messages are one sentence with what was tried, what came back and what to do."""

from __future__ import annotations

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.errors import (
    Answer,
    Conflict,
    Interrupted,
    InvalidInput,
    SomeFailed,
    TimedOut,
    join_errors,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.field_errors import FieldError


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (Answer(409, "conflict", "busy.", "r-7"), "409 conflict: busy. (request r-7)"),
        (Answer(409), "409"),
        (Answer(), "no answer"),
        (Answer(message="lost"), "lost"),
    ],
)
def test_an_answer_shows_the_parts_that_it_has(answer: Answer, text: str) -> None:
    assert str(Conflict("do it", answer, "wait.")) == f"Could not do it: {text}; wait."


def test_a_message_of_several_lines_becomes_one_sentence() -> None:
    error = Conflict("do it", Answer(412, "precondition_failed", "several\n   registries;\n"), "use the other path")
    assert str(error) == "Could not do it: 412 precondition_failed: several registries; use the other path."


def test_a_question_ends_a_message_without_a_full_stop() -> None:
    advice = "did you mean 'orchard'?"
    refused = Conflict("do it", "busy", advice)
    assert str(refused) == "Could not do it: busy; did you mean 'orchard'?"
    assert str(join_errors([refused, refused])).endswith("did you mean 'orchard'?")
    assert str(TimedOut("do it", "no answer", advice, after_s=9)).endswith("did you mean 'orchard'?")


def test_a_single_error_is_a_sentence_and_several_errors_are_a_list() -> None:
    one, two = (
        FieldError("spec.name", "the value is empty", "give one"),
        FieldError("spec.region", "the field is missing"),
    )
    assert str(InvalidInput((one,))) == "Nothing was changed: spec.name: the value is empty; give one."
    assert str(InvalidInput((one, two))).splitlines() == [
        "Nothing was changed, 2 errors:",
        "- spec.name: the value is empty; give one.",
        "- spec.region: the field is missing.",
    ]


def test_each_of_several_failures_is_reported_with_its_place_and_the_partial_result() -> None:
    lost, busy = Interrupted("list pods", "it broke off;", "again"), Conflict("do it", "busy", "wait")
    error = SomeFailed("look into 2 clusters", {"pond": lost, "lake": busy}, last={"reef": "well"})
    assert str(error) == (
        "Could not look into 2 clusters: pond: Could not list pods: it broke off; again; lake: Could not do it: busy;"
        " wait; fix the causes and run the task again."
    )
    assert (error.kind, error.last) == ("some_failed", {"reef": "well"})
    assert (error.may_have_taken_effect, SomeFailed("x", {"lake": busy}).may_have_taken_effect) == (True, False)
