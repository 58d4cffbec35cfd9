# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How each client moves an image with all its platforms and attestations."""

from __future__ import annotations

import shutil
from pathlib import Path

from support.buildx_images import TwoPlatforms
from support.image_clients import Shell

# oras takes any host named localhost for one without TLS, unless it is told otherwise.
CLIENTS = ("crane", "regctl", "oras", "skopeo")

PUSH = {
    "crane": "push --index {layout} {reference}",
    "regctl": "image copy ocidir://{layout} {reference}",
    "oras": "cp --to-plain-http=false --from-oci-layout {layout} {reference}",
    "skopeo": "--insecure-policy copy --all oci:{layout} docker://{reference}",
}
PULL = {
    "crane": "pull --format oci {reference} {folder}",
    "regctl": "image copy {reference} ocidir://{folder}:got",
    "oras": "cp --from-plain-http=false {reference} --to-oci-layout {folder}:got",
    "skopeo": "--insecure-policy copy --all docker://{reference} oci:{folder}:got",
}
COPY = {
    "crane": "copy {reference} {other}",
    "regctl": "image copy {reference} {other}",
    "oras": "cp --from-plain-http=false --to-plain-http=false --recursive {reference} {other}",
    "skopeo": "--insecure-policy copy --all docker://{reference} docker://{other}",
}
DELETE = {
    "crane": "delete {reference}",
    "regctl": "manifest delete {reference}",
    "oras": "manifest delete --plain-http=false --force {reference}",
    "skopeo": "delete docker://{reference}",
}


def words(line: str, **values: object) -> list[str]:
    """The arguments of one of the lines above."""
    return [word.format(**values) for word in line.split()]


def push_words(client: str, image: TwoPlatforms, reference: str) -> list[str]:
    """The arguments with which a client pushes an image from disk."""
    layout = image.layout
    if client == "crane":
        # To crane, the layout's own index is the image.
        folder = image.folder.with_name(f"{image.folder.name}-crane")
        shutil.copytree(image.folder, folder, dirs_exist_ok=True)
        shutil.copyfile(folder / "blobs" / image.digest.replace(":", "/"), folder / "index.json")
        layout = str(folder)
    return words(PUSH[client], layout=layout, reference=reference)


def push(shell: Shell, client: str, image: TwoPlatforms, name: str) -> str:
    """Push an image from disk below a name such as ``plum/app``; return its whole reference."""
    reference = f"{shell.host}/{name}:{image.tag}"
    shell.run(client, *push_words(client, image, reference))
    return reference


def pulled(shell: Shell, client: str, reference: str, folder: Path) -> set[str]:
    """Pull an image to disk; return the digests of all that came. Every client checks content against its digest."""
    shell.run(client, *words(PULL[client], reference=reference, folder=folder))
    return {f"sha256:{path.name}" for path in (folder / "blobs" / "sha256").iterdir()}
