"""What a phone number is written with."""

PHONE_SIGNS = frozenset("0123456789+-() ext.转,/")
