"""PostgreSQL: instances that the site declares, by their own catalogs and statistics."""
