"""What runs inside an emulated container: a shell, common commands, GPU tools, a toolchain.

Nothing is executed: programs are answered from what their machine is known to have.
"""
