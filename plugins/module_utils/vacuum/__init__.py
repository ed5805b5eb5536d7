"""PostgreSQL tables that vacuum and analyze are behind on, and making up for it."""
