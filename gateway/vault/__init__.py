"""The only room that touches the database: tables, queries, encryption, keys and migrations."""
