"""Films: every frame at its own time, every stream, in their own colour.  FFmpeg's libraries do the decoding (PyAV)."""
