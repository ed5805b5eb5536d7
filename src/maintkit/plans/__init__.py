"""A change before it is made: what will happen, who agreed, and when it may."""
