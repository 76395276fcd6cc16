"""Tests that need several distributions, or a whole process; the folders sort them by what they hold."""
