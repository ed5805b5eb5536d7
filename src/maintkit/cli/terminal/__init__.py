"""What commands share at the terminal: options, opening a site, progress, tables."""
