"""The list language: conditions on customers, in JSON, in Python, in English and in Chinese."""
