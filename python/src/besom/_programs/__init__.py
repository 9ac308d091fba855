"""Runs a sweep's training program in processes of its own, as agent/ of this project does on Node."""
