"""One function a figure: arrays in, axes out."""
