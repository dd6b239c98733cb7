"""Everything that runs by itself."""
