"""The log of traffic: what was answered, kept for judging it later without labels."""
