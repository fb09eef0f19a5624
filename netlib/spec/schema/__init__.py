"""What the specs say about themselves: their documentation, and the JSON schema of a config."""
