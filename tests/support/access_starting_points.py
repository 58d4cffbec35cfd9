# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random clusters for a run to start from: with the leftovers of former methods, killed runs and users."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.access.cluster_access import (
    CurrentCluster,
    DesiredAccess,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.access.journal import Journal
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.clusters.objects import (
    Secret,
    ServiceAccount,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.credentials.rotation import (
    Credential,
    RotationPolicy,
)
from support.access_states import (
    BOG,
    DAY,
    DIRECT,
    FIG,
    HOUR,
    NOW,
    ONE_CLICK,
    OPERATOR,
    PEAR,
    SYSTEM,
    access,
    account,
    cluster,
    copied,
    credential,
    edited,
    journal,
    ours,
    theirs,
)

PLACES = (SYSTEM, PEAR, FIG, BOG)
ALIVE = PLACES[:3]
OURS = (DIRECT, OPERATOR)
POOL = (
    credential("t-1", 90, -30),
    credential("t-2", 25, 35),
    credential("t-3", 12, 48),
    credential("t-4", 2, 58),
    credential("t-5", 200, None),
)
THEIRS = credential("t-of-digitalocean")
pool = st.sampled_from(POOL)
policies = st.builds(
    RotationPolicy, st.sampled_from([20 * DAY, None]), st.sampled_from([3 * HOUR, 0 * HOUR]), st.booleans()
)


@st.composite
def journals(draw: st.DrawFn) -> Journal | None:
    """None, or credentials of which at most one is the current one."""
    found, has_current = Journal(), False
    for one in draw(st.none() | st.lists(pool, unique_by=lambda one: one.fingerprint)) or ():
        state = draw(
            st.sampled_from(
                ["new", "verified", "old"] if has_current else ["new", "verified", "current", "current", "old"]
            )
        )
        has_current |= state == "current"
        retired = draw(st.sampled_from([NOW - HOUR, NOW - 5 * HOUR])) if state == "old" else None
        found = found.add(one, state, retired)
    return found if draw(st.booleans()) or found.entries else None


@st.composite
def secrets(draw: st.DrawFn, held: st.SearchStrategy[Credential]) -> list[Secret]:
    """Leftovers of former methods, killed runs and users."""
    found: list[Secret] = []
    for place in PLACES:
        direct, one = ours(place, draw(held)), draw(held)
        found += draw(st.sampled_from([[], [direct], [direct], [edited(direct)], [theirs(place)]]))
        if place != SYSTEM:
            found += draw(st.sampled_from([[], [copied(place, one)], [theirs(place, OPERATOR)]]))
        found += draw(st.sampled_from([[], [copied(place, THEIRS, ONE_CLICK)], [theirs(place, ONE_CLICK)]]))
    source = ours(SYSTEM, draw(held), "operator")
    return found + draw(st.sampled_from([[], [source], [edited(source)]]))


@st.composite
def accounts(draw: st.DrawFn) -> list[ServiceAccount]:
    names = st.permutations(["zeta", DIRECT, OPERATOR, ONE_CLICK, "alpha"])
    return [
        account(place, *draw(names)[: draw(st.integers(0, 5))], name=name)
        for place in PLACES
        for name in ("default", "builder")
    ]


@st.composite
def states(draw: st.DrawFn) -> CurrentCluster:
    settled = draw(st.none() | st.just(POOL[3]))
    state = cluster(
        draw(secrets(pool if settled is None else st.just(settled))),
        draw(accounts()),
        draw(journals()) if settled is None else journal((settled, "current")),
        chosen=draw(st.sets(st.sampled_from(ALIVE))),
        is_accepted=draw(st.sampled_from([True, False, None])),
        integrated=draw(st.sampled_from([(), ("kiwi",)])),
    )
    found = replace(state.registries["kiwi"], is_new_accepted=draw(st.booleans()))
    return replace(state, registries={"kiwi": found})


@st.composite
def desired_accesses(draw: st.DrawFn) -> DesiredAccess:
    names = draw(st.sampled_from([("default",), ("build*",), ("*",)]))
    return access(draw(st.sampled_from(["direct", "operator", "one_click"])), draw(policies), service_accounts=names)
