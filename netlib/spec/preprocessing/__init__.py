"""Steps that a column or an input goes through before the network reads it, and what each makes of shape and dtype."""
