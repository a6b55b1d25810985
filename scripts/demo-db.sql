-- Sample data with the kinds of values that must not reach an agent: names, e-mail addresses, phone numbers,
-- social security and card numbers (from the ranges set aside for tests), and secrets pasted into notes.
SET client_min_messages = warning;
DO $$ BEGIN PERFORM setseed(0.42); END $$;

CREATE TABLE customers (
    id    integer PRIMARY KEY,
    name  text NOT NULL,
    email text NOT NULL UNIQUE,
    phone text NOT NULL,
    ssn   text NOT NULL,
    card  text NOT NULL
);

CREATE TABLE orders (
    id          integer PRIMARY KEY,
    customer_id integer NOT NULL REFERENCES customers,
    status      text NOT NULL CHECK (status IN ('new', 'paid', 'shipped', 'returned')),
    total       numeric(10, 2) NOT NULL,
    placed_at   timestamptz NOT NULL,
    note        text
);

CREATE TABLE order_items (
    order_id integer NOT NULL REFERENCES orders,
    line     integer NOT NULL,
    product  text NOT NULL,
    quantity integer NOT NULL CHECK (quantity > 0),
    price    numeric(10, 2) NOT NULL,
    PRIMARY KEY (order_id, line)
);

CREATE TABLE audit_scratch (id integer PRIMARY KEY, remark text NOT NULL);

INSERT INTO customers
SELECT n,
       first || ' ' || last,
       lower(first || '.' || last || n || '@example.' || (ARRAY['com', 'org', 'net'])[1 + n % 3]),
       '+1 555 ' || lpad((n * 37 % 10000)::text, 4, '0'),
       lpad((100 + n % 500)::text, 3, '0') || '-' || lpad((10 + n % 80)::text, 2, '0') || '-'
           || lpad((1000 + n * 7 % 8999)::text, 4, '0'),
       (ARRAY['4111 1111 1111 1111', '5555 5555 5555 4444', '4012 8888 8888 1881', '3782 822463 10005'])[1 + n % 4]
FROM (
    SELECT n,
           (ARRAY['Ada', 'Grace', 'Alan', 'Edsger', 'Barbara', 'Donald', 'Radia', 'Ken', 'Frances', 'Tony'])[1 + n % 10]
               AS first,
           (ARRAY['Lovett', 'Harper', 'Turner', 'Dyer', 'Lister', 'Knapp', 'Perry', 'Thomas', 'Allard', 'Hobbs', 'Ruiz'])
               [1 + n % 11] AS last
    FROM generate_series(1, 200) AS n
) AS people;

INSERT INTO orders
SELECT n,
       1 + (random() * 199)::integer,
       (ARRAY['new', 'paid', 'shipped', 'shipped', 'returned'])[1 + n % 5],
       0,
       timestamptz '2026-01-01 08:00+00' + n * interval '7 hours 13 minutes',
       CASE
           WHEN n % 40 = 7 THEN 'asked to send the invoice to billing' || n || '@example.com instead'
           WHEN n % 100 = 12 THEN 'paid by phone with 4111 1111 1111 1111, ssn 212-45-6789'
           WHEN n = 42 THEN 'export job uses AKIAIOSFODNN7EXAMPLE, rotate it'
           WHEN n % 9 = 0 THEN 'leave at the door'
       END
FROM generate_series(1, 300) AS n;

INSERT INTO order_items
SELECT o.id, line,
       (ARRAY['Notebook', 'Pen', 'Lamp', 'Chair', 'Desk', 'Mug', 'Backpack'])[1 + (o.id + line * 3) % 7],
       1 + (o.id * line) % 4,
       round((3 + (o.id * 17 + line * 29) % 240)::numeric + 0.95, 2)
FROM orders AS o, generate_series(1, 1 + o.id % 3) AS line;

UPDATE orders AS o SET total = i.total
FROM (SELECT order_id, sum(quantity * price) AS total FROM order_items GROUP BY order_id) AS i
WHERE i.order_id = o.id;

INSERT INTO audit_scratch SELECT n, 'left over from import ' || n FROM generate_series(1, 25) AS n;

CREATE VIEW order_summary AS
SELECT o.id, o.status, o.total, o.placed_at, c.name AS customer, c.email
FROM orders AS o JOIN customers AS c ON c.id = o.customer_id;

ANALYZE customers, orders, order_items, audit_scratch;
