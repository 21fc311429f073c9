"""The files that ``apply`` is given on the machines of a simulation."""

from __future__ import annotations

from pathlib import Path

GPU = "{name: gpu, instanceTypes: [ecs.vgn5i-m2.xlarge], desiredSize: 2}"
MORE = "{name: more, instanceTypes: [ecs.vgn5i-m2.xlarge], desiredSize: 1}"
VARIANTS = {
    "tags": f"""\
metadata: {{name: NAME, tags: {{team: storms}}}}
lifecycle: {{ttl: 8h}}
nodePools: [{GPU}]
""",
    "more": f"""\
metadata: {{name: NAME}}
nodePools: [{GPU}, {MORE}]
""",
    "labels": """\
metadata: {name: NAME}
nodePools:
- {name: gpu, instanceTypes: [ecs.vgn5i-m2.xlarge], desiredSize: 1, labels: {team: storms}}
""",
    "scaled": """\
metadata: {name: NAME}
nodePools:
- name: gpu
  instanceTypes: [ecs.vgn5i-m2.xlarge]
  desiredSize: 2
  autoScaling: {enable: true, min: 1, max: 4, type: gpu}
""",
}
"""What changes in place, by a word for it."""
HEAD = "apiVersion: ackgpu.dev/v1alpha1\nkind: GpuCluster\n"


def write(home: Path, words: tuple[str, ...]) -> tuple[str, ...]:
    """The words with ``~`` as ``home``, in which the files that they name are written."""
    for word in words:
        if word.startswith("~/"):
            name, variant = word.removeprefix("~/").removesuffix(".yaml").split("-")
            home.mkdir(parents=True, exist_ok=True)
            text = HEAD + VARIANTS[variant].replace("NAME", name)
            (home / f"{name}-{variant}.yaml").write_text(text, "utf-8")
    return tuple(word.replace("~/", f"{home}/", 1) for word in words)
