"""What runs on a node after it has joined: the licence server's address, then the user's script."""

from __future__ import annotations

import base64
import re

from ackgpu.spec import catalog
from ackgpu.spec.model import ClusterSpec, NodePoolSpec

GRIDD_PORT = "7070"
"""The port of a GRID licence server that names none (NVIDIA vGPU licensing guide)."""
_LICENSE = """\
# Where the GRID driver gets its licence (ECS documentation, vgn5i and vgn6i).
install -d /etc/nvidia
printf 'ServerAddress=%s\\nServerPort=%s\\n' '{host}' '{port}' > /etc/nvidia/gridd.conf
if systemctl cat nvidia-gridd.service > /dev/null 2>&1; then systemctl restart nvidia-gridd; fi
"""
_WRITTEN = re.compile(r"^printf '.*' '([^']+)' '(\d+)' > /etc/nvidia/gridd\.conf$", re.MULTILINE)
_OWN = """\
install -d -m 700 /var/lib/ackgpu
base64 -d > /var/lib/ackgpu/user-data << 'END'
{encoded}
END
chmod 700 /var/lib/ackgpu/user-data
exec /var/lib/ackgpu/user-data
"""


def user_data_of(spec: ClusterSpec, pool: NodePoolSpec) -> str:
    """The script of ``pool``'s nodes; empty where there is nothing to run.

    The licence server is written down for families that bring no licence of their own (ECS
    documentation, GRID licences): it would put an included one out of use. The user's script may
    be for any interpreter: it is kept as a file and run, its own first line and all.
    """
    server = spec.license_server_of(pool) if needs_license_server(pool) else ""
    if not server:
        return pool.user_data
    host, _, port = server.partition(":")
    script = "#!/bin/bash\n" + _LICENSE.format(host=host, port=port or GRIDD_PORT)
    if pool.user_data:
        encoded = base64.encodebytes(pool.user_data.encode()).decode().strip()
        script += _OWN.format(encoded=encoded)
    return script


def parts_of(script: str) -> tuple[str, str]:
    """The licence server and the user's script of what :func:`user_data_of` wrote.

    Any other script is the user's as a whole.
    """
    written = _WRITTEN.search(script)
    if written is None:
        return "", script
    host, port = written.groups()
    head = "#!/bin/bash\n" + _LICENSE.format(host=host, port=port)
    before, _, after = _OWN.partition("{encoded}")
    rest = script.removeprefix(head)
    if not script.startswith(head) or (rest and not rest.startswith(before)):
        return "", script
    encoded = rest.removeprefix(before).removesuffix(after)
    return f"{host}:{port}", base64.b64decode(encoded).decode()


def needs_license_server(pool: NodePoolSpec) -> bool:
    """Whether a type of the pool runs on a licence that the user brings."""
    known = (catalog.gpu_type(type_id) for type_id in pool.instance_types)
    return any(found.license == "own" for found in known if found)
