"""The collector, in parts. `bundle` joins them into the one script that runs on a host."""
