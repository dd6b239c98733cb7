"""What an operator does beside a gateway, whether it runs or not: one function a command."""
