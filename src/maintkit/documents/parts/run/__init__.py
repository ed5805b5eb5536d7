"""The sections of the documents of a change that was carried out; each is a function of the implementation."""
