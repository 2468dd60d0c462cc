"""What retailers call our tables and columns."""

import re

#: Words within a name, and the word we use.
WORDS: dict[str, str] = {
    "cust": "customer", "client": "customer", "member": "customer", "buyer": "customer",
    "shopper": "customer", "user": "customer", "loyalty": "customer", "card": "card",
    "no": "id", "nr": "id", "num": "id", "number": "id", "code": "id", "key": "id", "nbr": "id",
    "sku": "product", "item": "product", "article": "product", "goods": "product",
    "prod": "product", "material": "product", "stock": "product", "upc": "product",
    "ean": "product", "shop": "store", "branch": "store", "outlet": "store", "site": "store",
    "location": "store", "seller": "salesperson", "clerk": "salesperson",
    "cashier": "salesperson", "employee": "salesperson", "staff": "salesperson",
    "receipt": "order", "invoice": "order", "basket": "order", "ticket": "order",
    "bill": "order", "qty": "quantity", "units": "quantity", "pieces": "quantity",
    "amt": "amount", "dt": "date", "ts": "time", "timestamp": "time", "datetime": "time",
    "desc": "description", "cat": "category", "dept": "category", "department": "category",
    "promo": "promotion", "disc": "discount", "rebate": "discount", "birth": "birth",
    "txn": "transaction", "trx": "transaction", "trans": "transaction", "sales": "sale",
    "lang": "language", "zip": "postal", "postcode": "postal", "tel": "phone",
    "mobile": "phone", "mail": "email", "hh": "household",
}  # fmt: skip

#: Whole names, after their words were replaced, and the column meant.
COLUMNS: dict[str, dict[str, str]] = {
    "": {
        "customer": "customer_id", "product": "product_id", "store": "store_id",
        "salesperson": "salesperson_id", "order": "order_id", "promotion": "promotion_id",
        "campaign": "campaign_id", "household": "household_id", "created time": "event_time",
    },
    "customers": {
        "sex": "gender", "registration date": "joined_on", "registered": "joined_on",
        "registered on": "joined_on", "signup date": "joined_on", "sign up date": "joined_on",
        "join date": "joined_on", "joined": "joined_on", "created at": "joined_on",
        "created": "joined_on", "since": "joined_on", "customer since": "joined_on",
        "enrolled": "joined_on", "enrollment date": "joined_on", "id": "customer_id",
        "reg date": "joined_on", "year of birth": "birth_year", "yob": "birth_year",
        "birth year": "birth_year", "kids": "children", "income": "income_band",
        "country": "region", "state": "region", "province": "region", "town": "city",
        "postal id": "postal_code", "postal": "postal_code", "e email": "email",
        "job": "occupation", "profession": "occupation", "marital": "marital_status",
    },
    "products": {
        "id": "product_id", "description": "name", "product name": "name", "title": "name",
        "product description": "name", "price": "list_price", "unit price": "list_price",
        "rrp": "list_price", "msrp": "list_price", "cost": "unit_cost", "cost price": "unit_cost",
        "launch date": "launched_on", "release date": "launched_on", "make": "brand",
        "manufacturer": "brand", "end date": "withdrawn_on", "sub category": "category_2",
        "subcategory": "category_2", "category 1": "category", "product category": "category",
    },
    "transactions": {
        "line": "line_id", "line id": "line_id", "order line": "line_id", "row id": "line_id",
        "transaction id": "order_id", "sale id": "order_id", "date": "event_time",
        "time": "event_time", "order date": "event_time", "transaction date": "event_time",
        "sale date": "event_time", "purchase date": "event_time", "sold at": "event_time",
        "order time": "event_time", "transaction time": "event_time", "purchased at": "event_time",
        "total": "amount", "line total": "amount", "net amount": "amount", "sale": "amount",
        "sale value": "amount", "revenue": "amount", "price paid": "amount", "value": "amount",
        "sale amount": "amount", "paid": "amount", "type": "kind", "transaction type": "kind",
        "line type": "kind", "sale channel": "channel", "loaded at": "available_time",
    },
    "stores": {"id": "store_id", "type": "format", "opened": "opened_on", "open date": "opened_on"},
    "salespeople": {"id": "salesperson_id"},
    "campaigns": {"id": "campaign_id", "start": "starts_at", "end": "ends_at"},
    "promotions": {
        "id": "promotion_id", "start date": "starts_on", "end date": "ends_on",
        "start": "starts_on", "end": "ends_on", "type": "mechanic",
    },
}  # fmt: skip

#: Words that give a table away.
TABLES: dict[str, tuple[str, ...]] = {
    "customers": ("customer", "customers", "members", "crm"),
    "products": ("product", "products", "items", "articles", "catalog", "catalogue", "skus"),
    "transactions": (
        "transaction", "transactions", "sale", "orders", "order", "lines", "receipts", "pos",
        "purchases", "baskets", "invoices",
    ),
    "stores": ("store", "stores", "shops", "branches"),
    "salespeople": ("salesperson", "salespeople", "sellers"),
}  # fmt: skip


def words_of(name: str) -> str:
    """Return the words of a name, each as we would say it, separated by blanks.

    Examples
    --------
    >>> words_of("CUST_NO"), words_of("itemSku"), words_of("TxnDate")
    ('customer id', 'product', 'transaction date')
    """
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    raw = [word for word in re.split(r"[^0-9a-z]+", spaced.lower()) if word]
    ours = [WORDS.get(word, word) for word in raw]
    return " ".join(dict.fromkeys(ours))
