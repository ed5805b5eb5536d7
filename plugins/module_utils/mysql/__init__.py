"""Talking to MariaDB and MySQL on their own host."""
