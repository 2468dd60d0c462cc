"""How a report names measures, features and segments, in English and in Traditional Chinese."""

from features.catalogue import catalogue

Words = tuple[str, str]

MEASURES: dict[str, Words] = {
    "log_loss": ("Log loss", "對數損失"),
    "log_loss_skill": ("Log loss skill", "對數損失改善率"),
    "brier": ("Brier score", "Brier 分數"),
    "brier_skill": ("Brier skill", "Brier 改善率"),
    "roc_auc": ("ROC-AUC", "ROC-AUC"),
    "pr_auc": ("PR-AUC", "PR-AUC"),
    "lift_at_10_percent": ("Lift, best 10 %", "前 10 % 提升度"),
    "capture_at_list_size": ("Capture at list size", "名單捕捉率"),
    "observed_over_expected": ("Observed / expected", "實際／預期"),
    "observed_over_expected_top_decile": (
        "Observed / expected, best tenth",
        "實際／預期（前一成）",
    ),
    "calibration_slope": ("Calibration slope", "校準斜率"),
    "calibration_intercept": ("Calibration intercept", "校準截距"),
    "expected_calibration_error": ("Expected calibration error", "預期校準誤差"),
}

#: What a perfect, or a random, model would have.
MEANINGS: dict[str, Words] = {
    "log_loss": ("lower is better", "越低越好"),
    "log_loss_skill": ("share saved against the base rate; 0 is useless", "相對基準率；0 為無用"),
    "brier": ("lower is better", "越低越好"),
    "brier_skill": ("share saved against the base rate; 0 is useless", "相對基準率；0 為無用"),
    "roc_auc": ("0.5 is random, 1 perfect", "0.5 為隨機，1 為完美"),
    "pr_auc": ("random is the base rate", "隨機等於基準率"),
    "lift_at_10_percent": ("1 is random", "1 為隨機"),
    "capture_at_list_size": ("share of all outcomes on the list", "名單涵蓋的比例"),
    "observed_over_expected": ("1 is right; above, too timid", "1 為正確；大於 1 為低估"),
    "observed_over_expected_top_decile": ("1 is right", "1 為正確"),
    "calibration_slope": ("1 is right; below, too extreme", "1 為正確；小於 1 為過度自信"),
    "calibration_intercept": ("0 is right", "0 為正確"),
    "expected_calibration_error": ("in probability; 0 is right", "機率差；0 為正確"),
}

SEGMENTS: dict[str, Words] = {
    "(missing)": ("unknown", "未知"),
    "(others)": ("others", "其他"),
    "store": ("stores only", "僅門市"),
    "online": ("online only", "僅線上"),
    "both": ("stores and online", "門市與線上"),
    "male": ("male", "男"),
    "female": ("female", "女"),
    "young": ("young", "年輕"),
    "single": ("single", "單身"),
    "couple": ("couple", "夫妻"),
    "family": ("family", "有子女家庭"),
    "senior": ("senior", "熟齡"),
    "never": ("never applied", "從未申請"),
    "applied": ("applied", "已申請"),
    "approved": ("approved", "已核准"),
    "declined": ("declined", "未核准"),
    "activated": ("activated", "已啟用"),
    "cancelled": ("cancelled", "已停用"),
    "street": ("street", "街邊店"),
    "mall": ("mall", "商場店"),
    "flagship": ("flagship", "旗艦店"),
}

BASELINES: dict[str, Words] = {
    "model": ("this model", "本模型"),
    "logistic": ("logistic regression", "羅吉斯迴歸"),
    "recency": ("recency only", "僅最近購買日"),
    "rfm": ("RFM cells", "RFM 分群"),
    "rfm_cells": ("RFM cells", "RFM 分群"),
}


def measure_name(name: str) -> Words:
    """Return how a measure is called."""
    plain = name.replace("_", " ")
    return MEASURES.get(name, (plain, plain))


def baseline_name(name: str) -> Words:
    """Return how a model or a baseline is called."""
    plain = name.replace("_", " ")
    return BASELINES.get(name, (plain, plain))


def segment_name(name: str) -> Words:
    """Return how a segment is called: the retailer's own words stay as they are."""
    return SEGMENTS.get(name, (name, name))


def feature_name(name: str) -> Words:
    """Return a feature's label; its name where it is no feature of ours."""
    found = catalogue("customer", "product", "time", "pair").get(name)
    return (found.label["en"], found.label["zh-TW"]) if found else (name, name)
