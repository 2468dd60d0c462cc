"""The probability of each arm, where nobody wrote it down."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models.learners.frame import FloatArray
from models.learners.lines import thinned
from models.learners.trial import Fold


def fitted_chances(
    columns: FloatArray,
    code: NDArray[np.int64],
    *,
    arms: int,
    folds: Sequence[Fold],
    seed: int,
) -> FloatArray:
    """Fit the probability of each arm crosswise; plain shares unless columns say more.

    A multinomial logistic regression has to beat the shares on held-out rows by two
    standard errors of log loss. In a fair draw it does not, and adds no noise.

    Parameters
    ----------
    columns : array of shape (n, p)
        Standardised columns.
    code : array of shape (n,)
        The arm of each row, as a number.
    arms : int
        Number of arms.
    folds : sequence of Fold
        Rows to learn from and rows held out.
    seed : int
        Chooses the rows where there are too many.

    Returns
    -------
    array of shape (n, arms)
    """
    from sklearn.linear_model import LogisticRegression

    n = len(code)
    shares, fitted = np.zeros((n, arms)), np.zeros((n, arms))
    for fold in folds:
        shares[fold.held_out] = np.bincount(code[fold.seen], minlength=arms) / len(fold.seen)
        if columns.shape[1]:
            seen = fold.seen[thinned(len(fold.seen), seed=seed)]
            model = LogisticRegression(C=1.0, max_iter=200).fit(columns[seen], code[seen])
            fitted[fold.held_out] = model.predict_proba(columns[fold.held_out])
    if not columns.shape[1]:
        return shares  # no column varies, so none can say more
    drawn = (np.arange(n), code)
    gained = np.log(np.maximum(fitted[drawn], 1e-12)) - np.log(shares[drawn])
    surely = gained.mean() > 2 * gained.std() / np.sqrt(n)
    return fitted if surely else shares
