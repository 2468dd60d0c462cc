"""What pytest leaves alone when it looks for examples to run."""

collect_ignore = ["src/pipeline/packaged.py"]  # MLflow runs this file; nothing imports it
