"""What pytest leaves alone when it looks for examples to run."""

# MLflow runs these files; nothing imports them.
collect_ignore = ["src/pipeline/packaged.py", "src/pipeline/lift/packaged.py"]
