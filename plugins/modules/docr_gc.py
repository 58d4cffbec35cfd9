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
  - Starts a garbage collection in each registry that is due, and follows all of them to their ends at once.
  - A registry takes no pushes while its collection runs. So one starts only inside a maintenance window, and not
    if one has succeeded since the window opened or was started a short time ago.
  - A collection that is running already is adopted and followed, whoever started it; never is a second one started.
  - With O(state=idle) cancels what is running.
author:
  - Planton (@plantonhq)
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
      - With V(idle) no collection is running afterwards.
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
      - Consent to delete untagged manifests. The children of multi-arch images and attestations are untagged manifests
        too, and nobody knows whether DigitalOcean spares them.
    type: bool
    default: false
  maintenance_windows:
    description:
      - When a collection may start, in UTC by DigitalOcean's own clock. Inside any of them it may.
      - One that has started in time runs to its end, even after the window has closed.
    type: list
    elements: dict
    default:
      - days: [sunday]
        start: "03:00"
        duration: 4h
    suboptions:
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
        description: How long it is open, such as V(4h), V(90m) or V(4h30m); at most V(24h), past midnight too.
        type: str
        required: true
  min_interval:
    description:
      - The least time between the starts of two collections, such as V(20h) or V(90m).
      - One that failed or was cancelled counts too.
    type: str
    default: 20h
  force:
    description: Collect at once, whatever O(maintenance_windows) and O(min_interval) say.
    type: bool
    default: false
  wait:
    description: Whether to follow collections to their ends.
    type: bool
    default: true
  wait_timeout:
    description:
      - The most seconds to wait, for all registries together.
      - DigitalOcean itself waits up to 15 minutes for earlier pushes, so that less than 900 is often too short.
    type: int
    default: 1800
  wait_sleep:
    description: Seconds between two looks.
    type: int
    default: 10
  expect_registries:
    description:
      - Registries that may not exist yet because an earlier task of the same play creates them.
      - Only check mode lets them pass. A real run refuses those that do not exist, before it writes anything.
    type: list
    elements: str
    default: []
notes:
  - "Token scopes: C(registry:read); C(registry:update) to start or cancel a collection."
  - A run with nothing to do costs one call for each registry. One that is due costs two more to start, and one or two
    for each look. With O(state=idle) it is one for each registry, and one for all where nothing is running.
  - "When O(wait_timeout) is over, the task fails, and the collection goes on: the registry is still read-only. Running
    the task again adopts it, O(state=idle) cancels it."
  - A collection that ends as failed, or that somebody else cancels, fails the task after all others have ended.
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
      description: The next window to open, by DigitalOcean's clock.
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
    duration_seconds:
      description: How long the collection ran; null while it runs, and if there is none.
      type: float
      sample: 22.0
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
  description: The entries of RV(garbage_collections) as they were when O(wait_timeout) was over.
  returned: when the time was over
  type: list
  elements: dict
"""

from ..module_utils._module.gc import GC_SPEC, build_gc_task
from ..module_utils._module.run import run_task


def main() -> None:
    """Run the module."""
    run_task(GC_SPEC, build_gc_task)


if __name__ == "__main__":
    main()
