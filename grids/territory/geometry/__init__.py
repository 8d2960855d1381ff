"""Pure geometry of a division; imports no Django."""
