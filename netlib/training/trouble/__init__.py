"""Numbers that are not finite: where they began, and what is done about them."""
