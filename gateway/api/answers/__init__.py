"""What the JSON API answers: models whose fields say what they mean and where they come from."""
