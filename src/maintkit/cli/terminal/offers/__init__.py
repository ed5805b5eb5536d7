"""What `maintkit report --list` tells: every document that can be drawn now, one file a source of them."""
