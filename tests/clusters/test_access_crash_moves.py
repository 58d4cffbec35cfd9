# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docr_doks_integration killed at every call of a move between methods: pods can pull at every moment."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.access_crashes import ENDED, Killer, Runs, check_healed, check_moment, good_tokens, journal
from support.access_module import DIRECT, EVERYWHERE, OPERATOR
from support.control_plane import Cluster

NAMESPACES = EVERYWHERE | {"pear"}


@pytest.mark.long
def test_killed_moves_in_both_directions_are_continued(marsh: Cluster, tmp_path: Path) -> None:
    marsh.sandbox.switch("rate_limit", False)
    marsh.add_namespaces("pear")
    marsh.give("pear", ["theirs", "others"])
    given = {"clusters": ["marsh"], "registries": ["kiwi"], "never_expires": True, "wait_timeout": 15, "wait_sleep": 1}
    before = marsh.accounts()
    assert marsh.proxy is not None
    with Runs(marsh.sandbox, tmp_path) as runs:
        killer = Killer(marsh, runs, marsh.proxy)
        methods = [
            (method, name, {**given, "method": method}) for method, name in (("operator", OPERATOR), ("direct", DIRECT))
        ]
        runs.run(methods[1][2])
        left = {method: killer.each_call(options) for method, _name, options in methods}
        calls = dict.fromkeys(left, 0)
        while left:
            for method, name, options in methods:
                where = next(left[method], None) if method in left else None
                if where is None:
                    left.pop(method, None)
                calls[method] += where not in (None, ENDED)
                check_moment(marsh, NAMESPACES)
                runs.run(options)
                current = check_healed(marsh, name, NAMESPACES, {key: [*names, name] for key, names in before.items()})
                assert journal(marsh) == [("current", current)]
                assert good_tokens(marsh.sandbox) == {current}
    assert min(calls.values()) > 30
