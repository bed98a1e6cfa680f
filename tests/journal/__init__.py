"""The journal, on real files and in real processes."""
