"""The self-hosted gateway: authorises Amazon stores and ad accounts with the owner's own applications."""
