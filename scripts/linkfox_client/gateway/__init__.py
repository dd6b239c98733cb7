"""The gateway that a script calls: which one, with which key, and what it answers."""
