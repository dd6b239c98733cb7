"""The evals of the skill, and the programs that run what of them needs no language model."""
