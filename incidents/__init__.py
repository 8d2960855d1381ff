"""What happened: categories, intake, routing, life cycle, clocks."""
