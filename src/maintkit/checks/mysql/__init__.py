"""MySQL and MariaDB: what an account without a right to any row can see of them."""
