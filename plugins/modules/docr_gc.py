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
  - Starts a garbage collection in each registry that is due, and follows all collections in parallel until they end.
  - A registry rejects pushes from the start of a collection until its end. Therefore the module starts a collection
    only inside a maintenance window with enough time left, and only if no collection succeeded since the window opened
    and none started within O(min_interval).
  - Adopts and follows a collection that is already running, whichever client started the collection. The module never
    starts a second collection.
  - While the task waits on the controller, progress lines show status, elapsed time and deadline at least once a
    minute. Problems of a registry are shown at once.
  - With O(state=idle) cancels any running collection and proves that pushes work again.
  - The guide C(docs/gc.md) lists the decision for each situation.
author:
  - Planton (@plantonhq)
requirements:
  - tzdata (the time zones of maintenance windows, which slim images do not contain)
options:
  registries:
    description: Names of registries.
    type: list
    elements: str
    required: true
    aliases: [registry, name]
  state:
    description:
      - With V(collected) garbage is collected in each registry that is due.
      - With V(idle), for incidents, no collection is running after the task, whichever client started the collection,
        and pushes are proven to work.
      - Where DigitalOcean does not report whether the registry is read-only, the proof mints a credential with write
        permission, opens an upload, cancels the upload and revokes the credential. Check mode proves nothing.
    type: str
    choices: [collected, idle]
    default: collected
  type:
    description:
      - What a collection deletes. A blob is freed only when no manifest names the blob, so V(unreferenced_blobs) keeps
        the blobs of untagged manifests.
      - Both types with untagged manifests require O(allow_delete_untagged_manifests).
    type: str
    choices: [unreferenced_blobs, untagged_manifests, untagged_manifests_and_unreferenced_blobs]
    default: unreferenced_blobs
  allow_delete_untagged_manifests:
    description:
      - Consent to delete untagged manifests. The platforms and attestations of multi-arch images are untagged manifests
        too, and so are signatures that are attached as referrers. No documentation says whether DigitalOcean spares
        these manifests. If DigitalOcean deletes these manifests, the tag stays and pulls of the tag fail.
      - Without this consent both types with untagged manifests are refused. The message gives the number of image
        indexes where the image host can be read.
    type: bool
    default: false
  maintenance_windows:
    description:
      - When a collection may start, by DigitalOcean's clock. A collection may start in any of the windows, once in
        each window.
      - A start time skipped by the switch to daylight saving time moves to the first moment after the gap. If a start
        time occurs twice, the first occurrence counts. A window stays open for O(maintenance_windows[].duration).
    type: list
    elements: dict
    default:
      - days: [sunday]
        start: "03:00"
        duration: 4h
    suboptions: &window
      days:
        description: The days on which the window opens, V(monday) to V(sunday).
        type: list
        elements: str
        required: true
      start:
        description: The start time as C(HH:MM), in quotes. YAML reads some unquoted times as numbers.
        type: str
        required: true
      duration:
        description:
          - How long the window stays open, such as V(4h), V(90m) or V(4h30m). The maximum is V(168h). A window may
            extend past midnight.
        type: str
        required: true
      time_zone:
        description: The tz name of the time zone of O(maintenance_windows[].days) and O(maintenance_windows[].start).
        type: str
        default: UTC
  blackout_dates:
    description:
      - Days on which no window is open and no collection starts, as a date such as V(2026-12-24), or as a range such as
        V(2026-12-24/2027-01-02), which includes both dates.
      - The dates are in the time zone of each window.
    type: list
    elements: str
    default: []
  min_interval:
    description:
      - The minimum time between the starts of two collections, such as V(20h) or V(90m).
      - A collection that failed or was cancelled counts too.
    type: str
    default: 20h
  max_age:
    description:
      - The maximum time without a successful collection, such as V(192h). The module reports a registry without a
        successful collection for longer.
    type: str
  outside_window:
    description:
      - What to do with a registry that is due and cannot start now, because no window is open, too little time of the
        window is left, or an image was pushed during the O(quiet_period).
      - V(skip) starts nothing in the registry. V(fail) fails the task before any collection starts. V(wait) waits until
        a collection can start.
      - The expected duration of a collection is the longest of the registry's last ten collections of the same type, or
        30 minutes if there is none. Of four or more, the longest does not count.
      - After two windows without a collection, a collection is tried in the first half of a window, although the window
        may be too short.
    type: str
    choices: [skip, fail, wait]
    default: skip
  outside_window_timeout:
    description:
      - The maximum time to wait with O(outside_window=wait). If no collection can start within this time, the task
        fails at once.
    type: str
    default: 24h
  overrun:
    description:
      - What to do with a collection of this task that is still running when the window closes.
      - V(finish) lets the collection end. V(cancel) cancels the collection and proves that pushes work again, and
        requires O(wait=true).
    type: str
    choices: [finish, cancel]
    default: finish
  quiet_period:
    description: The minimum age of the newest image, such as V(15m), before a collection starts.
    type: str
  stuck_after:
    description: The time after which a collection with unchanged status and counts is stuck.
    type: str
    default: 45m
  on_stuck:
    description:
      - V(fail) fails the task with the details for a support ticket. V(cancel) cancels the collection if this task
        started the collection, proves that pushes work again, and requires O(wait=true).
    type: str
    choices: [fail, cancel]
    default: fail
  force:
    description: Collect at once, regardless of O(maintenance_windows), O(min_interval) and O(quiet_period).
    type: bool
    default: false
  overrides:
    description:
      - Rules for some of the registries. An option that an entry leaves out has the value of the task's option.
    type: list
    elements: dict
    default: []
    suboptions:
      registries:
        description: The names out of O(registries) to which the entry applies.
        type: list
        elements: str
        required: true
      origin:
        description: The source of this entry, such as a file and a document. Messages name the source.
        type: str
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
    description: Whether to follow collections until they end.
    type: bool
    default: true
  wait_timeout:
    description:
      - The maximum number of seconds to follow the collection of a registry, from the start or the adoption of the
        collection.
      - DigitalOcean waits up to 15 minutes for earlier pushes, so a value below 900 is often too short.
      - The maximum number of seconds to wait for pushes to work again after a cancel is O(wait_timeout) or 120,
        whichever is less.
    type: int
    default: 7200
  wait_sleep:
    description:
      - The number of seconds between two reads. All reads together make at most 50 of the 250 calls a minute, whatever
        the value.
    type: int
    default: 15
  max_skipped_windows:
    description:
      - The task fails at its end if a registry was not collected in this number of windows in a row, the open window
        included, because too little time of each window was left.
      - Without this option, the module adds a warning from the first window on.
    type: int
  fail_on:
    description:
      - What makes the task fail at its end. Without a value here, each of these is a warning.
      - V(cancelled) is a collection that this task cancelled because of O(overrun) or O(on_stuck).
      - V(unproven) is a registry of which the task does not know whether pushes work after a cancel or with
        O(state=idle).
      - V(unrevoked) is a credential that can push and that the task could not revoke.
    type: list
    elements: str
    choices: [cancelled, unproven, unrevoked]
    default: []
  expect_registries:
    description:
      - Registries that may be missing because an earlier task of the same play creates them.
      - Only check mode accepts missing registries. Outside check mode a missing registry is an error before the first
        write.
    type: list
    elements: str
    default: []
notes:
  - "Token scopes: C(registry:read); C(registry:update) to start or cancel a collection, and to prove that pushes work."
  - A run without changes makes one call for each registry. A registry that is due requires two calls to start, one call
    for each read, and two calls at the end. O(quiet_period) adds one call for each 200 repositories.
  - O(state=idle) makes one call for each registry, one call for all registries without a running collection, and a few
    calls for a proof.
  - "After O(wait_timeout) the task fails and the collection continues: the registry is still read-only. The next run of
    the task adopts the collection. O(state=idle) cancels the collection."
  - A collection that ends as failed, or that another client cancels, fails the task after all other collections have
    ended.
  - Progress lines appear if the work runs in the process of the controller (O(run_in)), outside check mode. As a module
    of its own, such as on another host or with C(async), the task shows no progress lines.
seealso:
  - module: planton.digitalocean.docr_gc_info
extends_documentation_fragment:
  - planton.digitalocean._connection
  - planton.digitalocean._attributes
"""

EXAMPLES = r"""
- name: Collect on Sundays between 03:00 and 07:00 UTC
  planton.digitalocean.docr_gc:
    registries: [acme-shop-eu]

- name: Collect in several registries in parallel, within two maintenance windows
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

- name: Show what a run would do now
  planton.digitalocean.docr_gc:
    registries: [acme-shop-eu]
  check_mode: true
  diff: true

- name: Collect at once, including untagged manifests
  planton.digitalocean.docr_gc:
    registries: [acme-shop-eu]
    type: untagged_manifests_and_unreferenced_blobs
    allow_delete_untagged_manifests: true
    force: true

- name: Collect at night in Berlin, except over the holidays and while images are pushed
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

- name: Cancel the running collection, so that pushes work again
  planton.digitalocean.docr_gc:
    registries: [acme-shop-eu]
    state: idle
"""

RETURN = r"""
registry_host:
  description: The host of the images, O(registry_host).
  returned: success
  type: str
  sample: registry.digitalocean.com
garbage_collections:
  description: The decision and the outcome for each registry, in the order of O(registries).
  returned: success
  type: list
  elements: dict
  contains:
    registry:
      description: The registry's name.
      type: str
      sample: acme-shop-eu
    decision:
      description:
        - C(collected), a collection was started, or would be started in check mode.
        - C(adopted), a collection was already running.
        - C(recent), a collection succeeded since the window opened, or started within O(min_interval).
        - C(outside_window), no window is open.
        - C(too_late), the window would close before the collection ends.
        - C(busy), an image was pushed during the O(quiet_period).
        - C(cancelled), a running collection was cancelled, or would be cancelled in check mode.
        - C(idle), no collection was running.
        - C(expected), the registry does not exist yet; in check mode only.
        - C(empty), the registry holds no image and never had a collection.
        - In the result of a failed task, V(failed) means that the start or the cancel failed.
      type: str
      sample: collected
    reason:
      description: The reason for the decision and the outcome, as sentences.
      type: str
      sample: >-
        The maintenance window is open until 2026-03-01T07:00:00Z. It deleted 12 blobs and freed 73400320 bytes.
    garbage_collection:
      description: The collection that was started, followed or cancelled; null if there is no collection.
      type: dict
      contains:
        uuid:
          description: The collection's ID.
          type: str
          sample: eff0feee-49c7-4e8f-ba5c-a320c109c8a8
        type:
          description: The collection's type, as in O(type); null if DigitalOcean does not report the type.
          type: str
          sample: unreferenced_blobs
        status:
          description: The collection's status in DigitalOcean's words.
          type: str
          sample: succeeded
        created_at:
          description: When the collection started.
          type: str
          sample: "2026-03-01T03:10:00Z"
        updated_at:
          description: When the collection last changed. After the end of the collection, the time of the end.
          type: str
          sample: "2026-03-01T03:10:22Z"
        blobs_deleted:
          description: The number of deleted blobs; final when the collection has ended.
          type: int
          sample: 12
        freed_bytes:
          description: The number of freed bytes; final when the collection has ended.
          type: int
          sample: 73400320
    last:
      description: >-
        The newest earlier collection that succeeded, with the same keys; null if there is no such collection, or if
        O(state=idle) did not read the list of collections.
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
      description: The next window to open, by DigitalOcean's clock; null if no window opens within 400 days.
      type: dict
      contains:
        opens_at:
          description: When the window opens, in UTC.
          type: str
          sample: "2026-03-08T03:00:00Z"
        closes_at:
          description: When the window closes, in UTC.
          type: str
          sample: "2026-03-08T07:00:00Z"
        time_zone:
          description: The time zone of the window.
          type: str
          sample: Europe/Berlin
        opens_at_local:
          description: When the window opens, in its time zone.
          type: str
          sample: "2026-03-08T04:00:00+01:00"
        closes_at_local:
          description: When the window closes, in its time zone.
          type: str
          sample: "2026-03-08T08:00:00+01:00"
    read_only_seconds:
      description: How long the collection kept the registry read-only; null while the collection is running, and if
        there is no collection.
      type: float
      sample: 22.0
    is_overdue:
      description: Whether the last successful collection is older than O(max_age).
      type: bool
      sample: false
    is_writable:
      description: Whether the registry accepts pushes; null if neither reported by DigitalOcean nor proven.
      type: bool
      sample: true
    write_proof:
      description: The evidence for RV(garbage_collections[].is_writable), as a sentence; null if the module did not
        check, and always in check mode.
      type: str
      sample: "Pushes work: an upload was opened in team/app and cancelled."
actions:
  description: The collections that were started or cancelled, or that would be started or cancelled in check mode.
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
      description: The action as a sentence.
      type: str
      sample: start a garbage collection of the registry acme-shop-eu (unreferenced blobs only)
notes:
  description: Further information.
  returned: success
  type: list
  elements: str
  sample: []
last:
  description: The entries of RV(garbage_collections) as they were when the task failed.
  returned: when a collection failed, is stuck, or timed out
  type: list
  elements: dict
"""

from ..module_utils._module.run import run_module
from ..module_utils._module.tasks.gc import GC


def main() -> None:
    """Run the module."""
    run_module(GC)


if __name__ == "__main__":
    main()
