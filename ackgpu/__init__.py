"""ackgpu: ACK clusters for lightweight GPU workloads, made, proved and removed."""

__version__ = "0.1.0"
