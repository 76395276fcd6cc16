"""Arrays by name, and the columns of tables."""
