"""Who lives here: households, residents, visits, diary, self-service."""
