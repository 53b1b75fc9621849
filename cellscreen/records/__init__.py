"""TFRecord schemas, and the one builder that turns plate tables into sharded records."""
