"""The pages where the division is drawn, checked and published."""
