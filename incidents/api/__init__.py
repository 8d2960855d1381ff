"""The REST interface of the incidents room."""
