"""The report of a model of offers: one page with its curves, and the designs behind them."""
