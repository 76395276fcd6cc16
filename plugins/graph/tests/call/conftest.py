"""Tests of what accompanies a call."""
