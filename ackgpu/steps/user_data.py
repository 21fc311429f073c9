"""What runs on a node after it has joined: the driver, its licence, then the user's script.

A failure blocks nothing and shows in the log of cloud-init only (ACK documentation, user data), so
the script says it on the instance's console too: ``verify`` is the judge of what came of it, and
reads it there (:mod:`ackgpu.steps.driver_logs`).
"""

from __future__ import annotations

import base64
import re
from typing import NamedTuple

from ackgpu.spec import catalog, drivers
from ackgpu.spec.model import ClusterSpec, NodePoolSpec

GRIDD_PORT = "7070"
"""The port of a GRID licence server that names none (NVIDIA vGPU licensing guide)."""
DRIVER_LOG = "/var/log/ackgpu-driver.log"
"""Where the installer of the driver writes on the node."""
CONSOLE_MARK = "ackgpu: no driver runs after"
"""How the line begins that the script writes to the instance's console if the installer failed."""
_HEAD = "#!/bin/bash\n"
_DRIVER = """\
# The GRID driver, by ECS's plugin for Cloud Assistant (ECS documentation, "Install GRID drivers").
# The device plugin looks for GPUs when it starts, so it is started anew. If no driver runs, the end
# of the log goes to the console, where it can be read without entering the node.
if ! nvidia-smi > /dev/null 2>&1; then
  acs-plugin-manager --exec --plugin {plugin} > {log} 2>&1
  crictl ps -q --name nvidia-device-plugin 2> /dev/null | xargs -r crictl stop >> {log} 2>&1
  if ! nvidia-smi > /dev/null 2>&1; then
    {{ echo "{mark} the plugin {plugin}; its log ends:"; tail -n 6 {log}; }} > /dev/console
  fi
fi
"""
_LICENSE = """\
# Where the GRID driver gets its licence (ECS documentation, vgn5i and vgn6i): the driver's own
# gridd.conf is edited in place, and what else it says stays.
server='{host}' port='{port}'
conf=/etc/nvidia/gridd.conf
install -d /etc/nvidia
[ -e $conf ] || cp $conf.template $conf 2> /dev/null || touch $conf
put() {{
  grep -q "^#* *$1=" $conf || echo "$1=$2" >> $conf
  sed -i "s|^#* *$1=.*|$1=$2|" $conf
}}
put ServerAddress "$server"
put ServerPort "$port"
put FeatureType 1
systemctl daemon-reload
if systemctl cat nvidia-gridd.service > /dev/null 2>&1; then systemctl restart nvidia-gridd; fi
"""
_OWN = """\
install -d -m 700 /var/lib/ackgpu
base64 -d > /var/lib/ackgpu/user-data << 'END'
{encoded}
END
chmod 700 /var/lib/ackgpu/user-data
exec /var/lib/ackgpu/user-data
"""
_PLUGIN = re.compile(r"^  acs-plugin-manager --exec --plugin (\w+) > ", re.MULTILINE)
_SERVER = re.compile(r"^server='([^']+)' port='(\d+)'$", re.MULTILINE)
_ENCODED = re.compile(
    r"^base64 -d > /var/lib/ackgpu/user-data << 'END'\n(.*?)\nEND$", re.MULTILINE | re.DOTALL
)


class ScriptParts(NamedTuple):
    """What a script of ours was made of: the driver's plugin, ``host:port``, the user's script."""

    plugin: str
    server: str
    own: str


def user_data_of(spec: ClusterSpec, pool: NodePoolSpec) -> str:
    """The script of ``pool``'s nodes; empty if there is nothing to run.

    The licence server is written down for families that bring no licence of their own (ECS
    documentation, GRID licences): it would put an included one out of use. The user's script may
    be for any interpreter: it is kept as a file and run, its own first line and all.
    """
    return _written(wanted_parts(spec, pool))


def wanted_parts(spec: ClusterSpec, pool: NodePoolSpec) -> ScriptParts:
    """What the script of ``pool``'s nodes is made of."""
    server = spec.license_server_of(pool) if needs_license_server(pool) else ""
    host, _, port = server.partition(":")
    by_plugin = pool.driver == drivers.PLUGIN
    plugin = drivers.plugin_of(pool.instance_types) if by_plugin else ""
    return ScriptParts(plugin, f"{host}:{port or GRIDD_PORT}" if server else "", pool.user_data)


def parts_of(script: str) -> ScriptParts:
    """What :func:`user_data_of` made a script of. Any other script is the user's as a whole."""
    plugin, server, encoded = (p.search(script) for p in (_PLUGIN, _SERVER, _ENCODED))
    try:
        own = base64.b64decode(encoded[1]).decode() if encoded else ""
    except ValueError:
        own = ""
    parts = ScriptParts(
        plugin[1] if plugin else "", ":".join(server.groups()) if server else "", own
    )
    return parts if _written(parts) == script else ScriptParts("", "", script)


def _written(parts: ScriptParts) -> str:
    if not (parts.plugin or parts.server):
        return parts.own
    script = _HEAD
    if parts.plugin:
        script += _DRIVER.format(plugin=parts.plugin, log=DRIVER_LOG, mark=CONSOLE_MARK)
    if parts.server:
        host, _, port = parts.server.rpartition(":")
        script += _LICENSE.format(host=host, port=port)
    if parts.own:
        encoded = base64.encodebytes(parts.own.encode()).decode().strip()
        script += _OWN.format(encoded=encoded)
    return script


def needs_license_server(pool: NodePoolSpec) -> bool:
    """Whether a type of the pool runs on a licence that the user brings."""
    known = (catalog.gpu_type(type_id) for type_id in pool.instance_types)
    return any(found.license == "own" for found in known if found)
