"""Maps on paper: true to scale, drawn as SVG in millimetres. Pure computation, no Django."""
