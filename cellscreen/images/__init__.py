"""One picture: reading, intensity scale, edges, fingerprints."""
