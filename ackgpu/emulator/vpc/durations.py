"""How long the network's transitions take, in emulated seconds.

The NAT gateway's figure is documented (CreateNatGateway: one to three minutes); the others are
UNCONFIRMED, chosen inside what the polling clients of the field allow for.
"""

from __future__ import annotations

from ackgpu.emulator.shared.spread import DurationRange

VPC_CREATING = 3.0
VPC_DELETING = 3.0
VSWITCH_CREATING = 3.0
VSWITCH_DELETING = 3.0
VSWITCH_RELEASE_LAG = 5.0
"""How long a VPC still counts a vSwitch that is gone (DependencyViolation.VSwitch)."""
ROUTE_TABLE_CREATING = 3.0
ROUTE_TABLE_DELETING = 3.0
ROUTE_CHANGING = 2.0
NAT_CREATING = DurationRange(90, 60, 140)
NAT_DELETING = 45.0
EIP_BINDING = 5.0
EIP_UNBINDING = 5.0
EIP_RELEASING = 2.0
EIP_GATEWAY_LAG = 3.0
"""How long a NAT gateway does not know an EIP that is InUse already (EIP_NOT_IN_GATEWAY)."""
SNAT_CHANGING = 5.0
