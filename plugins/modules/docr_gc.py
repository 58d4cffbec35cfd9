#!/usr/bin/python
# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: docr_gc
short_description: Collect garbage in container registries of DigitalOcean within maintenance windows
version_added: 1.0.0
description:
  - Starts a garbage collection in each registry that is due, and follows all of them to their ends at once, so that
    ten take as long as the longest.
  - A registry takes no pushes from the first second of a collection to its end. So one starts only inside a
    maintenance window that is long enough for it, and not if one has succeeded since the window opened or was started
    a short time ago.
  - A collection that is running already is adopted and followed, whichever client started the
    collection. A second collection is never started.
  - While it waits on the controller, lines tell status, elapsed time and deadline at least once a minute, and at once
    what goes wrong with a registry.
  - With O(state=idle) stops whatever runs, and proves that pushes work again.
  - What is decided in which situation stands in C(docs/gc.md).
author:
  - Planton (@plantonhq)
requirements:
  - tzdata (the time zones of maintenance windows; slim images have none of their own)
options:
  registries:
    description: Names of registries.
    type: list
    elements: str
    required: true
    aliases: [registry, name]
  state:
    description:
      - With V(collected) garbage is collected where it is due.
      - With V(idle), for an incident, no collection is running afterwards, whichever client started it, and pushes are
        proven to work. Where DigitalOcean does not tell by itself, that takes a credential that can push, with which an
        upload is opened and cancelled, and which is revoked again; in check mode there is no proof.
    type: str
    choices: [collected, idle]
    default: collected
  type:
    description:
      - What is deleted. Blobs are freed only when no manifest names them, so what untagged manifests hold stays with
        V(unreferenced_blobs).
      - Both types with untagged manifests need O(allow_delete_untagged_manifests).
    type: str
    choices: [unreferenced_blobs, untagged_manifests, untagged_manifests_and_unreferenced_blobs]
    default: unreferenced_blobs
  allow_delete_untagged_manifests:
    description:
      - Consent to delete untagged manifests. The platforms and attestations of multi-arch images are untagged manifests
        too, and so are signatures that are attached as referrers. No documentation says whether DigitalOcean
        spares them. Where DigitalOcean does not, a tag stays, and pulls of the tag fail.
      - Without it such a type is refused, and the message says how many image indexes there are, where the image host
        can be read.
    type: bool
    default: false
  maintenance_windows:
    description:
      - When a collection may start, by DigitalOcean's own clock. Inside any of them it may, once in each.
      - A start time skipped by the switch to daylight saving time moves to the first moment after the gap. Of a start
        time that comes twice the first counts. A window lasts as long as O(maintenance_windows[].duration) says.
    type: list
    elements: dict
    default:
      - days: [sunday]
        start: "03:00"
        duration: 4h
    suboptions: &window
      days:
        description: The days on which it opens, V(monday) to V(sunday).
        type: list
        elements: str
        required: true
      start:
        description: When it opens, as C(HH:MM). Write quotes, or YAML reads some times as numbers.
        type: str
        required: true
      duration:
        description: How long it is open, such as V(4h), V(90m) or V(4h30m), past midnight too; at most V(168h).
        type: str
        required: true
      time_zone:
        description: The time zone of O(maintenance_windows[].days) and O(maintenance_windows[].start), by its tz name.
        type: str
        default: UTC
  blackout_dates:
    description:
      - Days on which nothing starts and no window is open, as V(2026-12-24), or as a range with both its ends,
        V(2026-12-24/2027-01-02).
      - They are days of each window's own time zone.
    type: list
    elements: str
    default: []
  min_interval:
    description:
      - The least time between the starts of two collections, such as V(20h) or V(90m).
      - One that failed or was cancelled counts too.
    type: str
    default: 20h
  max_age:
    description: The longest time without a successful collection, such as V(192h). A registry beyond it is reported.
    type: str
  outside_window:
    description:
      - What to do with a registry that is due and may not be collected now, because no window is open, too little is
        left of it, or an image was pushed during the O(quiet_period).
      - V(skip) leaves it, V(fail) fails the task before anything is started, V(wait) waits for the next chance.
      - What a collection takes is the longest of the registry's last ten of the same type, or 30 minutes where there
        was none.
    type: str
    choices: [skip, fail, wait]
    default: skip
  outside_window_timeout:
    description:
      - The longest to wait with O(outside_window=wait). Where the next chance comes later, the task fails at once.
    type: str
    default: 24h
  overrun:
    description:
      - What to do with a collection that this task has started and that still runs when its window closes.
      - V(finish) lets it end, V(cancel) cancels it and proves that pushes work again, which needs O(wait).
    type: str
    choices: [finish, cancel]
    default: finish
  quiet_period:
    description: Nothing starts while the newest image is younger than this, such as V(15m).
    type: str
  stuck_after:
    description: A collection whose status and counts have not changed for so long is stuck.
    type: str
    default: 45m
  on_stuck:
    description:
      - V(fail) ends the task with what a support ticket needs. V(cancel) cancels the collection, if this task has
        started it, and proves that pushes work again, which needs O(wait).
    type: str
    choices: [fail, cancel]
    default: fail
  force:
    description: Collect at once, whatever O(maintenance_windows), O(min_interval) and O(quiet_period) say.
    type: bool
    default: false
  overrides:
    description: Own rules for some of the registries. What one leaves out comes from the task's own options.
    type: list
    elements: dict
    default: []
    suboptions:
      registries:
        description: Those of O(registries) that it is for.
        type: list
        elements: str
        required: true
      type:
        description: As O(type).
        type: str
        choices: [unreferenced_blobs, untagged_manifests, untagged_manifests_and_unreferenced_blobs]
      maintenance_windows:
        description: As O(maintenance_windows).
        type: list
        elements: dict
        suboptions: *window
      blackout_dates:
        description: As O(blackout_dates).
        type: list
        elements: str
      min_interval:
        description: As O(min_interval).
        type: str
      max_age:
        description: As O(max_age).
        type: str
      outside_window:
        description: As O(outside_window).
        type: str
        choices: [skip, fail, wait]
      overrun:
        description: As O(overrun).
        type: str
        choices: [finish, cancel]
      quiet_period:
        description: As O(quiet_period).
        type: str
      stuck_after:
        description: As O(stuck_after).
        type: str
      on_stuck:
        description: As O(on_stuck).
        type: str
        choices: [fail, cancel]
  wait:
    description: Whether to follow collections to their ends.
    type: bool
    default: true
  wait_timeout:
    description:
      - The most seconds to follow the collection of a registry, from its start or from when it was found.
      - DigitalOcean itself waits up to 15 minutes for earlier pushes, so that less than 900 is often too short.
      - Also the most seconds to wait for pushes to work again after a cancel, where it is less than 120.
    type: int
    default: 7200
  wait_sleep:
    description:
      - Seconds between two looks. Whatever it says, all looks together take at most 50 of the 250 calls a minute.
    type: int
    default: 15
  expect_registries:
    description:
      - Registries that may not exist yet because an earlier task of the same play creates them.
      - Only check mode lets them pass. A real run refuses those that do not exist, before it writes anything.
    type: list
    elements: str
    default: []
notes:
  - "Token scopes: C(registry:read); C(registry:update) to start or cancel a collection, and to prove that pushes work."
  - A run with nothing to do costs one call for each registry. One that is due costs two more to start, one for each
    look, and two at the end; with O(quiet_period) one more for each 200 repositories. With O(state=idle) it is one for
    each registry, one for all where nothing is running, and a few for a proof.
  - "When O(wait_timeout) is over, the task fails, and the collection goes on: the registry is still read-only. Running
    the task again adopts it, O(state=idle) cancels it."
  - A collection that ends as failed, or that another client cancels, fails the task after all others have ended.
  - Lines while it waits come from an action plugin, only where the module runs on the controller, not in the background
    and not in check mode.
seealso:
  - module: planton.digitalocean.docr_gc_info
extends_documentation_fragment:
  - planton.digitalocean._connection
  - planton.digitalocean._attributes
"""

EXAMPLES = r"""
- name: Collect on Sundays between 03:00 and 07:00 UTC, and do nothing at other times
  planton.digitalocean.docr_gc:
    registries: [acme-shop-eu]

- name: Several registries, followed at once, in windows of their own
  planton.digitalocean.docr_gc:
    registries:
      - acme-shop-eu
      - acme-base
    maintenance_windows:
      - days: [saturday]
        start: "23:30"
        duration: 3h
      - days: [wednesday]
        start: "04:15"
        duration: 90m

- name: See what would happen now
  planton.digitalocean.docr_gc:
    registries: [acme-shop-eu]
  check_mode: true
  diff: true

- name: Collect at once, untagged manifests included
  planton.digitalocean.docr_gc:
    registries: [acme-shop-eu]
    type: untagged_manifests_and_unreferenced_blobs
    allow_delete_untagged_manifests: true
    force: true

- name: At night in Berlin, not over the holidays, and not while images are pushed
  planton.digitalocean.docr_gc:
    registries: [acme-shop-eu, acme-base]
    maintenance_windows:
      - days: [saturday, sunday]
        start: "01:30"
        duration: 3h
        time_zone: Europe/Berlin
    blackout_dates:
      - 2026-12-20/2027-01-06
    quiet_period: 20m
    overrun: cancel
    max_age: 360h
    overrides:
      - registries: [acme-base]
        outside_window: wait

- name: Stop what is running, so that pushes work again
  planton.digitalocean.docr_gc:
    registries: [acme-shop-eu]
    state: idle
"""

RETURN = r"""
garbage_collections:
  description: What was decided and done for each registry, in the order of O(registries).
  returned: success
  type: list
  elements: dict
  contains:
    registry:
      description: Its name.
      type: str
      sample: acme-shop-eu
    decision:
      description:
        - C(collected), a collection was started, or would be in check mode.
        - C(adopted), one was already running.
        - C(recent), one has succeeded since the window opened, or was started within O(min_interval).
        - C(outside_window), no window is open.
        - C(too_late), the window would close before the end.
        - C(busy), an image was pushed during the O(quiet_period).
        - C(cancelled), a running one was cancelled, or would be in check mode; C(idle), none was running.
        - C(expected), the registry does not exist yet; in check mode only.
      type: str
      sample: collected
    reason:
      description: Why, and what came of it, for people.
      type: str
      sample: >-
        The maintenance window is open until 2026-03-01T07:00:00Z. It deleted 12 blobs and freed 73400320 bytes.
    garbage_collection:
      description: The collection that was started, followed or cancelled; null if there is none.
      type: dict
      contains:
        uuid:
          description: Its id.
          type: str
          sample: eff0feee-49c7-4e8f-ba5c-a320c109c8a8
        type:
          description: Its type, as in O(type); null when DigitalOcean does not say.
          type: str
          sample: unreferenced_blobs
        status:
          description: Its status in DigitalOcean's words.
          type: str
          sample: succeeded
        created_at:
          description: When it was started.
          type: str
          sample: "2026-03-01T03:10:00Z"
        updated_at:
          description: When it last changed; of one that has ended, its end.
          type: str
          sample: "2026-03-01T03:10:22Z"
        blobs_deleted:
          description: How many blobs it deleted; final when it has ended.
          type: int
          sample: 12
        freed_bytes:
          description: How many bytes it freed; final when it has ended.
          type: int
          sample: 73400320
    last:
      description: >-
        The newest earlier collection that succeeded, with the same keys; null if there is none, or if O(state=idle) did
        not read it.
      type: dict
      sample:
        uuid: 0a5a2f4e-5a53-4b2f-9d3e-6f5c1c1f1c51
        type: null
        status: succeeded
        created_at: "2026-02-22T03:10:00Z"
        updated_at: "2026-02-22T03:10:19Z"
        blobs_deleted: 3
        freed_bytes: 1048576
    next_window:
      description: The next window to open, by DigitalOcean's clock; null without one within 400 days.
      type: dict
      contains:
        opens_at:
          description: When it opens.
          type: str
          sample: "2026-03-08T03:00:00Z"
        closes_at:
          description: When it closes.
          type: str
          sample: "2026-03-08T07:00:00Z"
        time_zone:
          description: The time zone of the window.
          type: str
          sample: Europe/Berlin
        opens_at_local:
          description: When it opens, there.
          type: str
          sample: "2026-03-08T04:00:00+01:00"
        closes_at_local:
          description: When it closes, there.
          type: str
          sample: "2026-03-08T08:00:00+01:00"
    read_only_seconds:
      description: How long the collection kept the registry read-only; null while it does, and if there is none.
      type: float
      sample: 22.0
    is_overdue:
      description: Whether the last success is longer ago than O(max_age).
      type: bool
      sample: false
    is_writable:
      description: Whether the registry takes pushes; null where that was neither told nor proven.
      type: bool
      sample: true
    write_proof:
      description: How that is known, in a sentence; null where it was not looked for, so always in check mode.
      type: str
      sample: "It takes pushes: an upload was opened in team/app and cancelled."
actions:
  description: What was started or cancelled, or would be in check mode.
  returned: always
  type: list
  elements: dict
  contains:
    action:
      description: C(start_garbage_collection) or C(cancel_garbage_collection).
      type: str
      sample: start_garbage_collection
    target:
      description: The registry.
      type: str
      sample: acme-shop-eu
    message:
      description: A sentence for people.
      type: str
      sample: start a garbage collection of the registry acme-shop-eu (unreferenced blobs only)
notes:
  description: What else there is to know.
  returned: success
  type: list
  elements: str
  sample: []
last:
  description: The entries of RV(garbage_collections) as they were when the task failed.
  returned: when a collection has failed, is stuck, or has taken too long
  type: list
  elements: dict
"""

from ..module_utils._module.run import run_task
from ..module_utils._module.tasks.gc import build_gc_task
from ..module_utils._module.tasks.gc_options import GC_SPEC


def main() -> None:
    """Run the module."""
    run_task(GC_SPEC, build_gc_task)


if __name__ == "__main__":
    main()
