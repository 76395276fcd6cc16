"""Drawings of graphs: a tree for the terminal, a flowchart for documents."""
