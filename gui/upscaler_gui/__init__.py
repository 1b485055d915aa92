"""The window: shows what the jobs layer offers, and adds no logic of its own."""
