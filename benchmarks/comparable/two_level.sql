-- Lines to orders and to products of a customer, these to customers: what one writes first.
-- {table} is where a table lies, {as_of} the cut-off, {now} the moment at which it begins.
COPY (
  WITH lines AS MATERIALIZED (
    SELECT customer_id, order_id, product_id, store_id, channel, kind, quantity, amount, discount,
      hour(event_time AT TIME ZONE 'Asia/Taipei') AS hour,
      (event_time AT TIME ZONE 'Asia/Taipei')::DATE AS day
    FROM {transactions} WHERE available_time < {now} AND customer_id IS NOT NULL
  ),
  orders AS MATERIALIZED (
    SELECT customer_id, order_id, min(day) AS day, {as_of} - min(day) AS ago, min(hour) AS hour,
      count(*) AS lines, sum(quantity) AS pieces, sum(amount) AS amount,
      sum(discount) AS discount, sum(amount + discount) AS list_amount,
      max(store_id) AS store_id, max(channel) AS channel
    FROM lines WHERE kind = 'sale' GROUP BY customer_id, order_id
  ),
  customer_products AS MATERIALIZED (
    SELECT customer_id, product_id, sum(amount) AS amount,
      sum(amount) FILTER ({as_of} - day <= 365) AS amount_365,
      min({as_of} - day) AS last_days, max({as_of} - day) AS first_days
    FROM lines WHERE kind = 'sale' GROUP BY customer_id, product_id
  ),
  of_orders AS (
    SELECT customer_id, min(ago) AS last_ago, max(ago) AS first_ago, count(*) AS orders,
      count(*) FILTER (ago <= 30) AS orders_30, count(*) FILTER (ago <= 90) AS orders_90,
      count(*) FILTER (ago <= 180) AS orders_180, count(*) FILTER (ago <= 365) AS orders_365,
      coalesce(sum(amount), 0) AS spent,
      coalesce(sum(amount) FILTER (ago <= 30), 0) AS spent_30,
      coalesce(sum(amount) FILTER (ago <= 90), 0) AS spent_90,
      coalesce(sum(amount) FILTER (ago <= 180), 0) AS spent_180,
      coalesce(sum(amount) FILTER (ago <= 365), 0) AS spent_365,
      count(*) FILTER (ago > 30 AND ago <= 60) AS orders_before_30,
      count(*) FILTER (ago > 90 AND ago <= 180) AS orders_before_90,
      count(*) FILTER (ago > 180 AND ago <= 360) AS orders_before_180,
      coalesce(sum(amount) FILTER (ago > 30 AND ago <= 60), 0) AS spent_before_30,
      coalesce(sum(amount) FILTER (ago > 90 AND ago <= 180), 0) AS spent_before_90,
      coalesce(sum(amount) FILTER (ago > 180 AND ago <= 360), 0) AS spent_before_180,
      count(DISTINCT day) AS days, sum(lines) AS lines, avg(pieces) AS mean_pieces,
      max(amount) AS largest, stddev_samp(amount) / nullif(avg(amount), 0) AS variation,
      avg((lines = 1)::DOUBLE) AS single,
      sum(discount) FILTER (ago <= 365) / nullif(sum(list_amount) FILTER (ago <= 365), 0) AS saved,
      count(*) FILTER (isodow(day) >= 6) AS weekend, count(*) FILTER (hour < 12) AS morning,
      count(*) FILTER (hour >= 18) AS evening,
      count(*) FILTER (day(day) BETWEEN 5 AND 14) AS pay_days,
      count(*) FILTER (channel IN ('web', 'app', 'line')) AS online,
      count(channel) AS with_channel, count(DISTINCT channel) AS channels
    FROM orders GROUP BY customer_id
  ),
  gaps AS (
    SELECT customer_id, ago, lag(ago) OVER (PARTITION BY customer_id ORDER BY ago DESC) - ago AS gap
    FROM (SELECT DISTINCT customer_id, ago FROM orders)
  ),
  of_gaps AS (
    SELECT customer_id, avg(gap) AS mean_gap, stddev_samp(gap) AS deviation, max(gap) AS longest,
      arg_min(gap, ago) FILTER (gap IS NOT NULL) AS last_gap
    FROM gaps GROUP BY customer_id
  ),
  categories AS (
    SELECT customer_id, category, sum(amount) AS amount, coalesce(sum(amount_365), 0) AS amount_365,
      min(last_days) AS last_days, max(first_days) AS first_days
    FROM customer_products JOIN {products} USING (product_id)
    WHERE category IS NOT NULL GROUP BY customer_id, category
  ),
  placed_categories AS (
    SELECT *, row_number() OVER (
      PARTITION BY customer_id ORDER BY amount DESC, last_days, category) AS place
    FROM categories
  ),
  of_categories AS (
    SELECT customer_id, count(*) AS categories, count(*) FILTER (last_days <= 365) AS recent,
      count(*) FILTER (first_days <= 180) AS new, max(category) FILTER (place = 1) AS favourite,
      max(amount) / nullif(sum(amount), 0) AS share,
      sum(amount_365) FILTER (place = 1) / nullif(sum(amount_365), 0) AS share_365,
      sum(amount * amount) / nullif(sum(amount) * sum(amount), 0) AS concentration,
      max(last_days) FILTER (place = 1) AS since
    FROM placed_categories GROUP BY customer_id
  ),
  brands AS (
    SELECT customer_id, brand, sum(amount) AS amount, min(last_days) AS last_days
    FROM customer_products JOIN {products} USING (product_id)
    WHERE brand IS NOT NULL GROUP BY customer_id, brand
  ),
  placed_brands AS (
    SELECT *, row_number() OVER (
      PARTITION BY customer_id ORDER BY amount DESC, last_days, brand) AS place
    FROM brands
  ),
  of_brands AS (
    SELECT customer_id, count(*) AS brands, max(brand) FILTER (place = 1) AS favourite,
      max(amount) / nullif(sum(amount), 0) AS share
    FROM placed_brands GROUP BY customer_id
  ),
  of_products AS (
    SELECT customer_id, count(*) AS products FROM customer_products GROUP BY customer_id
  ),
  shops AS (
    SELECT customer_id, store_id, count(*) AS orders, min(ago) AS ago
    FROM orders WHERE store_id IS NOT NULL GROUP BY customer_id, store_id
  ),
  placed_shops AS (
    SELECT *, row_number() OVER (
      PARTITION BY customer_id ORDER BY orders DESC, ago, store_id) AS place
    FROM shops
  ),
  of_shops AS (
    SELECT customer_id, count(*) AS shops, max(orders) / sum(orders) AS share,
      max(region) FILTER (place = 1) AS region, max(format) FILTER (place = 1) AS format
    FROM placed_shops LEFT JOIN {stores} USING (store_id) GROUP BY customer_id
  ),
  of_lines AS (
    SELECT customer_id, count(*) FILTER (kind = 'return') AS returns,
      count(*) FILTER (kind = 'return' AND {as_of} - day <= 90) AS returns_90,
      count(*) FILTER (kind = 'return' AND {as_of} - day <= 365) AS returns_365,
      coalesce(-sum(amount) FILTER (kind = 'return'), 0) AS returned_amount,
      coalesce(-sum(quantity) FILTER (kind = 'return'), 0) AS returned_pieces,
      coalesce(sum(amount) FILTER (kind = 'sale'), 0) AS sold_amount,
      coalesce(sum(quantity) FILTER (kind = 'sale'), 0) AS sold_pieces,
      min({as_of} - day) FILTER (kind = 'return') AS since_return
    FROM lines GROUP BY customer_id
  ),
  members AS (
    SELECT customer_id, {as_of} - min(joined_on) AS tenure
    FROM {customers} WHERE joined_on < {as_of} GROUP BY customer_id
  )
  SELECT customer_id, {as_of} AS as_of,
    last_ago AS days_since_last_purchase, first_ago AS days_since_first_purchase,
    tenure AS tenure_days, coalesce(o.orders, 0) AS order_count,
    coalesce(orders_30, 0) AS order_count_30d, coalesce(orders_90, 0) AS order_count_90d,
    coalesce(orders_180, 0) AS order_count_180d, coalesce(orders_365, 0) AS order_count_365d,
    coalesce(spent, 0) AS spend_amount, coalesce(spent_30, 0) AS spend_amount_30d,
    coalesce(spent_90, 0) AS spend_amount_90d, coalesce(spent_180, 0) AS spend_amount_180d,
    coalesce(spent_365, 0) AS spend_amount_365d, coalesce(days, 0) AS purchase_days_count,
    spent / nullif(o.orders, 0) AS mean_order_amount,
    o.lines / nullif(o.orders, 0) AS mean_order_lines_count,
    mean_pieces AS mean_order_pieces_count, largest AS largest_order_amount,
    variation AS order_variation_ratio, single AS single_line_order_share,
    (orders_30 - orders_before_30) / nullif(orders_30 + orders_before_30, 0)
      AS order_trend_ratio_30d,
    (orders_90 - orders_before_90) / nullif(orders_90 + orders_before_90, 0)
      AS order_trend_ratio_90d,
    (orders_180 - orders_before_180) / nullif(orders_180 + orders_before_180, 0)
      AS order_trend_ratio_180d,
    (spent_30 - spent_before_30) / nullif(spent_30 + spent_before_30, 0) AS spend_trend_ratio_30d,
    (spent_90 - spent_before_90) / nullif(spent_90 + spent_before_90, 0) AS spend_trend_ratio_90d,
    (spent_180 - spent_before_180) / nullif(spent_180 + spent_before_180, 0)
      AS spend_trend_ratio_180d,
    saved AS discount_share_365d, coalesce(returns, 0) AS return_count,
    coalesce(returns_90, 0) AS return_count_90d, coalesce(returns_365, 0) AS return_count_365d,
    returned_amount / nullif(sold_amount, 0) AS returned_amount_share,
    returned_pieces / nullif(sold_pieces, 0) AS returned_piece_share,
    since_return AS days_since_last_return, c.favourite AS favourite_category,
    c.share AS favourite_category_spend_share, share_365 AS favourite_category_spend_share_365d,
    concentration AS category_concentration_share, since AS days_since_favourite_category,
    (first_ago - last_ago) / nullif(days - 1, 0) AS mean_gap_days,
    last_ago * nullif(days - 1, 0) / nullif(first_ago - last_ago, 0)
      AS elapsed_over_mean_gap_ratio,
    deviation AS gap_deviation_days, deviation / nullif(mean_gap, 0) AS gap_variation_ratio,
    longest AS longest_gap_days, last_gap AS last_gap_days,
    last_ago / nullif(longest, 0) AS elapsed_over_longest_gap_ratio,
    (last_ago - mean_gap) / nullif(deviation, 0) AS overdue_score,
    coalesce(products, 0) AS bought_product_count, coalesce(categories, 0) AS bought_category_count,
    coalesce(recent, 0) AS bought_category_count_365d, coalesce(new, 0) AS new_category_count_180d,
    coalesce(brands, 0) AS bought_brand_count, b.favourite AS favourite_brand,
    b.share AS favourite_brand_spend_share, coalesce(shops, 0) AS visited_store_count,
    s.share AS favourite_store_order_share, region AS favourite_store_region,
    format AS favourite_store_format, coalesce(channels, 0) AS used_channel_count,
    weekend / nullif(o.orders, 0) AS weekend_order_share,
    pay_days / nullif(o.orders, 0) AS pay_day_order_share,
    morning / nullif(o.orders, 0) AS morning_order_share,
    evening / nullif(o.orders, 0) AS evening_order_share,
    online / nullif(with_channel, 0) AS online_order_share
  FROM members
    LEFT JOIN of_orders o USING (customer_id) LEFT JOIN of_gaps USING (customer_id)
    LEFT JOIN of_categories c USING (customer_id) LEFT JOIN of_brands b USING (customer_id)
    LEFT JOIN of_products USING (customer_id) LEFT JOIN of_shops s USING (customer_id)
    LEFT JOIN of_lines USING (customer_id)
  ORDER BY customer_id
) TO '{out}' (FORMAT parquet, COMPRESSION zstd)
