"""The skill as files: what belongs to it, and putting it into a folder of skills."""
