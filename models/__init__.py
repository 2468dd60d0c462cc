"""What we predict, for whom, from which features, with which learner, judged by which measure.

Only definitions and numerical code live here. Fitted models lie under `artifacts/`.
"""
