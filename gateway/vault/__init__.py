"""The only room that touches the database: tables, queries, encryption, keys and migrations."""

from gateway.vault.errors import SealBroken, VaultError
from gateway.vault.vault import Vault, open_vault

__all__ = ["SealBroken", "Vault", "VaultError", "open_vault"]
