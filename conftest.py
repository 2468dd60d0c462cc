"""What pytest leaves alone when it looks for examples to run."""

# MLflow runs these files; nothing imports them.
collect_ignore_glob = ["src/pipeline/*/packaged.py"]
