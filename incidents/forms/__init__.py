"""Forms of the incidents room: what a browser sends, before the services judge it."""
