"""The model's laws: round trips, published schemas, names and digests."""
