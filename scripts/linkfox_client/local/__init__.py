"""The gateway on this machine: where it is, starting and stopping it."""
