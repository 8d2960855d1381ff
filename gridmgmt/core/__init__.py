"""What every room needs: users, audit, permissions, outbox, coordinates, search, keys."""
