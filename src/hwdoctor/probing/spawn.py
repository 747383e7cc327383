"""Contract stub; being written."""
