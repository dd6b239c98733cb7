"""The self-hosted gateway: authorizes Amazon stores and ad accounts with the owner's own applications."""
