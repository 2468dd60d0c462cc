"""`validate` and `import` as a person, and as a program, meets them."""

import json
import subprocess
import sys

from deliveries import TRANSACTIONS, deliver


def shortlist(folder, *words):
    return subprocess.run(
        [sys.executable, "-m", "shortlist", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_validate_answers_with_one_document(tmp_path):
    deliver(tmp_path / "shop")
    done = shortlist(tmp_path, "validate", "shop", "--json")
    document = json.loads(done.stdout)
    assert (done.returncode, document["passed"], document["read"]) == (0, True, 8)
    assert (tmp_path / "artifacts" / "validation" / "quality" / "report.html").exists()


def test_too_many_bad_rows_end_with_code_2_and_say_why(tmp_path):
    deliver(tmp_path / "shop", transactions=TRANSACTIONS.replace("bob,", "eve,"))
    done = shortlist(tmp_path, "validate", "shop", "--max-quarantined-share", "0.1")
    assert done.returncode == 2
    assert "transactions.csv: 1 of 4 rows (25.0%) break the contract" in done.stderr
    assert "customer_id not in customers (1 rows)" in done.stderr
    assert "Traceback" not in done.stderr
    kept = tmp_path / "artifacts" / "validation" / "quarantine" / "transactions.parquet"
    assert kept.exists()


def test_a_missing_folder_is_one_message(tmp_path):
    done = shortlist(tmp_path, "validate", "nowhere")
    assert done.returncode == 1
    assert done.stderr.startswith("shortlist: nowhere: no such folder or file. Give a folder")
    assert len(done.stderr.splitlines()) == 1


def test_data_that_cannot_be_used_are_refused_with_code_2(tmp_path):
    deliver(tmp_path / "cut")
    (tmp_path / "cut" / "transactions.csv").write_bytes(b"")
    deliver(tmp_path / "bare")
    (tmp_path / "bare" / "transactions.csv").unlink()
    deliver(tmp_path / "narrow", transactions=TRANSACTIONS.replace("product_id", "sku"))
    said = {
        "cut": "transactions.csv is empty: 0 bytes",
        "bare": "transactions is missing",
        "narrow": "transactions.csv has no column `product_id`",
    }
    for folder, message in said.items():
        done = shortlist(tmp_path, "validate", folder)
        assert (done.returncode, message in done.stderr) == (2, True), done.stderr


def test_a_mapping_is_drafted_and_then_used(tmp_path):
    export = tmp_path / "export"
    deliver(export)
    (export / "customers.csv").rename(export / "members.csv")
    drafted = shortlist(tmp_path, "import", "tables", "export", "--suggest")
    assert drafted.returncode == 0
    (tmp_path / "map.yaml").write_text(drafted.stdout, encoding="utf-8")
    words = ("import", "tables", "export", "--mapping", "map.yaml", "--to", "data", "--json")
    done = shortlist(tmp_path, *words)
    assert json.loads(done.stdout)["rows"] == {"customers": 2, "products": 2, "transactions": 4}
    assert shortlist(tmp_path, "validate", "data").returncode == 0
