"""Image-based drug screening: microscope plates in, ranked compounds and a servable model out."""

__version__ = "0.1.0"
