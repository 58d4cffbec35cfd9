# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docr_doks_integration killed at every call of a move between methods: pods can pull at every moment."""

from __future__ import annotations

import pytest

from support.access_crashes import Killer, Runs, check_healed, check_moment, good_tokens, journal
from support.access_module import DIRECT, EVERYWHERE, OPERATOR
from support.control_plane import Cluster

NAMESPACES = EVERYWHERE | {"pear"}


@pytest.mark.long
def test_killed_moves_in_both_directions_are_continued(marsh: Cluster, is_long: bool) -> None:
    marsh.sandbox.switch("rate_limit", False)
    marsh.add_namespaces("pear")
    marsh.give("pear", ["theirs", "others"])
    given = {"clusters": ["marsh"], "registries": ["kiwi"], "never_expires": True, "wait_timeout": 15, "wait_sleep": 1}
    before = marsh.accounts()
    assert marsh.proxy is not None
    with Runs(marsh.sandbox) as runs:
        killer = Killer(marsh, runs, marsh.proxy, is_long)
        methods = [
            (method, name, {**given, "method": method}) for method, name in (("operator", OPERATOR), ("direct", DIRECT))
        ]
        runs.run(methods[1][2])
        kills = {method: killer.each_call(options) for method, _name, options in methods}
        left = {method: iter(one) for method, one in kills.items()}
        while left:
            for method, name, options in methods:
                if method in left and next(left[method], None) is None:
                    del left[method]
                check_moment(marsh, NAMESPACES)
                runs.run(options)
                current = check_healed(marsh, name, NAMESPACES, {key: [*names, name] for key, names in before.items()})
                assert journal(marsh) == [("current", current)]
                assert good_tokens(marsh.sandbox) == {current}
    assert min(one.calls for one in kills.values()) > 30
