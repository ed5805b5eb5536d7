"""What the contract and the site's files say; pure once loaded."""
