"""Files of the demonstration and the scripts, run by hand, that made them."""
