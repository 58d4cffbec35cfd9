# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The brakes of a clean-up: never the last image of a repository, and never too many images.

All brakes count images: neither children, nor companions, nor manifests that cannot be read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ..images.inventory import ManifestPlace
from .facts import Facts, ManifestFacts
from .plan import KEPT_BY_RULE, NO_RULE
from .protection import Protection
from .request import PruneSettings
from .solving import Deletion, Solution, Solver

# The name under which a decision gives the brake instead of a rule.
LAST_IMAGE = "the last image of the repository"


class BrakedSolution(NamedTuple):
    """What goes after the brakes.

    `refusals` say by repository why nothing of the repository goes; `refused` has what would have gone. `protections`
    are those of before, and the last images. `images` is how many images go.
    """

    solution: Solution
    protections: Mapping[ManifestPlace, Protection]
    refusals: Mapping[str, str]
    refused: Mapping[ManifestPlace, Deletion]
    images: int


def solve_with_brakes(
    solver: Solver,
    facts: Facts,
    protections: Mapping[ManifestPlace, Protection],
    chosen: Mapping[ManifestPlace, str],
    settings: PruneSettings,
) -> BrakedSolution:
    """Solve again until no brake acts: what a brake keeps in a repository keeps its children and companions in all."""
    kept = dict(protections)
    refusals: dict[str, str] = {}
    refused: dict[ManifestPlace, Deletion] = {}
    images = _images_by_repository(facts)
    while True:
        solution = solver.solve(kept, chosen)
        gone = _images_by_repository({place: facts[place] for place in solution.deleted})
        last = [newest_image(images[name]) for name, one in gone.items() if len(one) == len(images[name])]
        over = {
            name: _too_many(name, len(one), len(images[name]), settings)
            for name, one in gone.items()
            if len(one) < len(images[name]) and len(one) * 100 > settings.max_delete_percent * len(images[name])
        }
        if not last and not over:
            return BrakedSolution(solution, kept, refusals, refused, sum(len(one) for one in gone.values()))
        kept |= {one.place: Protection(KEPT_BY_RULE, LAST_IMAGE) for one in last}
        refusals |= over
        refused |= {place: one for place, one in solution.deleted.items() if place.repository in over}
        braked = Protection(NO_RULE, is_last=True)
        kept |= {place: braked for place in facts if place.repository in over and place not in kept}


def count_refusal(images: int, settings: PruneSettings) -> str | None:
    """Why so many images may not be deleted in a run, as a sentence."""
    most = settings.max_delete_count
    if most is None or images <= most:
        return None
    return (
        f"The rules would delete {images} images of the registry {settings.registry}, and max_delete_count allows "
        f"{most}; raise max_delete_count, or change the rules to keep more images."
    )


def newest_image(images: Sequence[ManifestFacts]) -> ManifestFacts:
    """The image that stays where all would go: the newest with a tag, or the newest without; the first of several."""
    return max(images, key=lambda one: (bool(one.tags), one.time is not None and one.time.timestamp()))


def _images_by_repository(facts: Facts) -> dict[str, list[ManifestFacts]]:
    found: dict[str, list[ManifestFacts]] = {}
    for place, one in facts.items():
        if one.is_image:
            found.setdefault(place.repository, []).append(one)
    return found


def _too_many(name: str, gone: int, images: int, settings: PruneSettings) -> str:
    return (
        f"The rules would delete {gone} of the {images} images of the repository {name}, and max_delete_percent "
        f"allows {settings.max_delete_percent} percent; raise max_delete_percent, or change the rules to keep more."
    )
