"""``python -m ackgpu``."""

from ackgpu.main import entry

if __name__ == "__main__":
    entry()
