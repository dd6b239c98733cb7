"""What each call of the JSON API takes, by what it is about."""
