"""What the plans for the bad day say, each section a function of `Ready`."""
