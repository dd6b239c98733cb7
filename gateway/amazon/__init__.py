"""The only part that talks to Amazon: token endpoint, Ads profiles, SP-API, and which site is where."""
