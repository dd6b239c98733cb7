"""The only part that touches the database: tables, queries, encryption, keys and migrations."""
