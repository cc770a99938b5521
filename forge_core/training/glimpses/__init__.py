"""What a run lets see of itself while it trains: small files beside its checkpoints."""
