"""What Container Service offers: versions, add-ons, images, runtimes."""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.tables import table


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


def default_image(image_type: str) -> str:
    """The image id of an image type; that of the first image where it is unknown."""
    images = table("cs/versions")["images"]
    found = [row["image_id"] for row in images if row["image_type"] == image_type]
    return str((found or [images[0]["image_id"]])[0])


def runtime_version() -> str:
    """The containerd version of new nodes."""
    return str(table("cs/versions")["runtime_versions"]["containerd"][0])
