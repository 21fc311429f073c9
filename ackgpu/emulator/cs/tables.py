"""What Container Service offers: versions, add-ons, images, runtimes."""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.shared.tables import table


def versions() -> list[dict[str, Any]]:
    """Kubernetes versions, newest first."""
    rows: list[dict[str, Any]] = table("cs/versions")["versions"]
    return rows


def creatable_versions() -> list[str]:
    """The versions that a new cluster may have, newest first."""
    return [row["version"] for row in versions() if row["creatable"]]


def addons() -> dict[str, dict[str, Any]]:
    """Every add-on by name."""
    return {row["name"]: row for row in table("cs/addons")["addons"]}


def addon_version(name: str, kubernetes_version: str) -> str:
    """The version of an add-on that goes with a Kubernetes version."""
    return str(addons()[name]["version"]).replace("{kubernetes}", kubernetes_version)


def newer_version(name: str, version: str, kubernetes_version: str) -> str:
    """What an add-on of that version can be upgraded to, empty for the newest.

    A version that is neither the one that clusters get nor a newer one is older than both.
    """
    newest = str(addons()[name]["newer_version"]) or addon_version(name, kubernetes_version)
    return "" if version == newest else newest


def default_image(image_type: str) -> str:
    """The image id of an image type; that of the first image where it is unknown."""
    images = table("cs/versions")["images"]
    found = [row["image_id"] for row in images if row["image_type"] == image_type]
    return str((found or [images[0]["image_id"]])[0])


def image_ends(image_type: str, image_id: str) -> tuple[int, int]:
    """The Kubernetes minor from which on nodes of an image do not become Ready."""
    images = table("cs/versions")["images"]
    named = [row["image_type"] for row in images if row["image_id"] == image_id]
    ends = table("cs/versions")["image_ends"].get((named or [image_type])[0], "999.0")
    major, minor = ends.split(".")
    return int(major), int(minor)


def runtime_version() -> str:
    """The containerd version of new nodes."""
    return str(table("cs/versions")["runtime_versions"]["containerd"][0])
