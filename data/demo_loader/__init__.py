"""The demonstration: a real street office with simulated people and a simulated year of cases."""
