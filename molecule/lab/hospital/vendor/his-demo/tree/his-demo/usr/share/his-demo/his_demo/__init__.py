"""his-demo: registration (挂号) of a made-up hospital, over PostgreSQL."""

VERSION = "@VERSION@"
