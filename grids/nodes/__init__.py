"""Nodes, components, flow, expert weights, strength."""
