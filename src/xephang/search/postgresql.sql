-- A first stage in a shop's own PostgreSQL database: what xephang.search.postgresql makes and reads.
--
-- Needs PostgreSQL 13 or newer with ICU (as all usual packages have it), a database in UTF8, and the right to create a
-- schema and two extensions that any owner of a database may create. Run again, it replaces what has changed.
--
--   1. psql -f postgresql.sql
--   2. CREATE VIEW xephang.products AS SELECT ma AS id, ten AS title, gia AS price FROM hang;
--      Its columns are fields of a product: id, title, brand, category, color, size, gender, attributes, description,
--      price. All but id may be missing, and it may join what it likes; what it leaves out is not found.
--   3. SELECT xephang.watch('hang', 'ma', ARRAY['ten', 'gia']);
--      For each table that the view reads and that has the product's id in a column; then its columns of interest.
--   4. CALL xephang.fill();
--      Also after the view has changed, or a table that can not be watched, such as one of brands' names.
--   5. REFRESH MATERIALIZED VIEW CONCURRENTLY xephang.words;
--      From time to time: the words that a misspelt one is compared with.
--   6. GRANT USAGE ON SCHEMA xephang TO reader; GRANT SELECT ON xephang.search, xephang.words TO reader;
--      For a user who only searches.
--
-- DROP SCHEMA xephang CASCADE takes all of it away, the triggers on the shop's tables too.

DO $$ BEGIN
  IF current_setting('server_encoding') <> 'UTF8' THEN
    RAISE EXCEPTION 'the database''s encoding is %; Vietnamese is searched in UTF8 only',
      current_setting('server_encoding');
  END IF;
END $$;

CREATE SCHEMA IF NOT EXISTS xephang;
SET search_path = xephang, public, extensions;
CREATE EXTENSION IF NOT EXISTS unaccent;
CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- Words without diacritics: đ becomes d, ế becomes e.
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_ts_config WHERE cfgname = 'folded' AND cfgnamespace = 'xephang'::regnamespace) THEN
    CREATE TEXT SEARCH CONFIGURATION xephang.folded (COPY = pg_catalog.simple);
    ALTER TEXT SEARCH CONFIGURATION xephang.folded
      ALTER MAPPING FOR word, asciiword, numword, hword, hword_part, hword_numpart WITH unaccent, pg_catalog.simple;
  END IF;
END $$;

-- One row for each product.
--   search: words with diacritics (A in title, brand, category, colour, size and gender, C in the rest) and folded
--           (B and D).
--   facets: "brand=adidas", "color=trắng" and the like, in lower case.
--   changed: when the row was made.
CREATE TABLE IF NOT EXISTS xephang.search (
  id text PRIMARY KEY,
  search tsvector NOT NULL,
  facets text[] NOT NULL,
  price double precision,
  changed timestamptz NOT NULL
);
CREATE INDEX IF NOT EXISTS search_words ON xephang.search USING gin (search);
CREATE INDEX IF NOT EXISTS search_facets ON xephang.search USING gin (facets);
CREATE INDEX IF NOT EXISTS search_price ON xephang.search (price);

-- Lower case, plain width, one form for each letter (NFC) and for each tone (hoà is hòa), words parted by single
-- spaces, each cut to 40 letters. Its letters are ICU's, whatever the database's locale.
CREATE OR REPLACE FUNCTION xephang.plain(value text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
  SELECT left(regexp_replace(btrim(regexp_replace(
    normalize(regexp_replace(regexp_replace(
      normalize(translate(lower(regexp_replace(regexp_replace(left(coalesce(value, ''), 40000),
        '[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]', '', 'g'),
        '([\u0300-\u036f]{30})[\u0300-\u036f]+', '\1', 'g') COLLATE "und-x-icu"),
        'ðɖ', 'đđ'), NFKD),
      '(?<!q)(u)(y)([\u0300\u0301\u0303\u0309\u0323])(?![[:alnum:]\u0300-\u036f])', '\1\3\2', 'g'),
      '(o)([ae])([\u0300\u0301\u0303\u0309\u0323])(?![[:alnum:]\u0300-\u036f])', '\1\3\2', 'g'), NFC),
    '[^[:alnum:]]+', ' ', 'g')),
    '([[:alnum:]]{40})[[:alnum:]]+', '\1', 'g'), 40000)
$$;

-- A facet's value as `search.facets` holds it.
CREATE OR REPLACE FUNCTION xephang.facet(name text, value text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
  SELECT name || '=' || btrim(regexp_replace(lower(normalize(left(value, 80), NFKC) COLLATE "und-x-icu"),
                                             '[[:space:]]+', ' ', 'g'))
$$;

-- A product's id as a catalogue reads it.
CREATE OR REPLACE FUNCTION xephang.key(id jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
  SELECT btrim(id #>> '{}', E' \t\r\n')
$$;

-- The row of `search` for a product as JSON. A field may be a list; a facet's values may also be parted by , ; or |.
CREATE OR REPLACE FUNCTION xephang.entry(product jsonb) RETURNS xephang.search
LANGUAGE plpgsql STABLE
AS $$
DECLARE
  head text;
  rest text;
  made xephang.search;
BEGIN
  head := xephang.plain((SELECT string_agg(one #>> '{}', ' ')
    FROM unnest(ARRAY['title', 'brand', 'category', 'color', 'size', 'gender']) AS field,
         jsonb_path_query(product -> field, 'lax $[*]') AS one));
  rest := xephang.plain((SELECT string_agg(one #>> '{}', ' ')
    FROM unnest(ARRAY['attributes', 'description']) AS field, jsonb_path_query(product -> field, 'lax $[*]') AS one));
  made.id := xephang.key(product -> 'id');
  made.search := setweight(to_tsvector('pg_catalog.simple', head), 'A') ||
                 setweight(to_tsvector('xephang.folded', head), 'B') ||
                 setweight(to_tsvector('pg_catalog.simple', rest), 'C') ||
                 setweight(to_tsvector('xephang.folded', rest), 'D');
  made.facets := ARRAY(SELECT DISTINCT xephang.facet(field, part)
    FROM unnest(ARRAY['brand', 'category', 'color', 'size', 'gender']) AS field,
         jsonb_path_query(product -> field, 'lax $[*]') AS one,
         unnest(string_to_array(translate(one #>> '{}', ';|', ',,'), ',')) AS part
    WHERE part ~ '[^[:space:]]');
  made.price := CASE WHEN jsonb_typeof(product -> 'price') = 'number'
                      AND (product -> 'price')::numeric BETWEEN 0 AND 1e15
                     THEN (product -> 'price')::double precision END;
  made.changed := clock_timestamp();
  RETURN made;
END $$;

-- Makes the entry of a product anew, or takes it away where the view has no such product.
CREATE OR REPLACE FUNCTION xephang.renew(product text) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
  entry_id text := xephang.key(to_jsonb(product));
  made xephang.search;
BEGIN
  -- The entry is locked first, also one that is not there yet: who else writes for this product ends before. Only the
  -- next statement sees what they wrote. (There may be any number of such locks; of advisory ones, some thousands.)
  INSERT INTO xephang.search AS s VALUES (entry_id, '', '{}', NULL, clock_timestamp())
    ON CONFLICT (id) DO UPDATE SET id = s.id WHERE false;
  EXECUTE format('SELECT e.* FROM (SELECT * FROM xephang.products WHERE id = %L LIMIT 1) AS p, '
                 'LATERAL xephang.entry(to_jsonb(p)) AS e', product) INTO made;
  IF made.id IS NULL THEN
    DELETE FROM xephang.search WHERE id = entry_id;
  ELSE
    UPDATE xephang.search SET search = made.search, facets = made.facets, price = made.price, changed = made.changed
      WHERE id = entry_id;
  END IF;
END $$;

-- Makes the entry of a product anew, whatever happened to one of its rows. It has the rights of who ran this file, so
-- that who writes products needs none here.
CREATE OR REPLACE FUNCTION xephang.follow() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    DELETE FROM xephang.search AS s
      WHERE NOT EXISTS (SELECT FROM xephang.products AS p WHERE xephang.key(to_jsonb(p.id)) = s.id);
    RETURN NULL;
  END IF;
  -- In one order, whoever does it, and of two ids that are the same but for spaces the new one.
  PERFORM xephang.renew(product) FROM (
    SELECT DISTINCT ON (xephang.key(id)) id #>> '{}' AS product
      FROM unnest(ARRAY[to_jsonb(NEW) -> TG_ARGV[0], to_jsonb(OLD) -> TG_ARGV[0]]) WITH ORDINALITY AS ids (id, place)
      WHERE id #>> '{}' IS NOT NULL ORDER BY xephang.key(id), place) AS products;
  RETURN NULL;
END $$;

-- Keeps up with a table. Changes of other columns than these, such as a stock, cost nothing.
CREATE OR REPLACE FUNCTION xephang.watch(shop regclass, id name, columns name[]) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
  listed text := (SELECT string_agg(DISTINCT quote_ident(one), ', ') FROM unnest(array_append(columns, id)) AS one);
BEGIN
  EXECUTE format('DROP TRIGGER IF EXISTS xephang_rows ON %s', shop);
  EXECUTE format('DROP TRIGGER IF EXISTS xephang_emptied ON %s', shop);
  EXECUTE format('CREATE TRIGGER xephang_rows AFTER INSERT OR DELETE OR UPDATE OF %s ON %s FOR EACH ROW '
                 'EXECUTE FUNCTION xephang.follow(%L)', listed, shop, id);
  EXECUTE format('CREATE TRIGGER xephang_emptied AFTER TRUNCATE ON %s FOR EACH STATEMENT '
                 'EXECUTE FUNCTION xephang.follow(%L)', shop, id);
END $$;

-- Keeps up with no table any more.
CREATE OR REPLACE FUNCTION xephang.unwatch() RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
  watched regclass;
BEGIN
  FOR watched IN SELECT DISTINCT tgrelid FROM pg_catalog.pg_trigger WHERE tgfoid = 'xephang.follow'::regproc LOOP
    EXECUTE format('DROP TRIGGER IF EXISTS xephang_rows ON %s', watched);
    EXECUTE format('DROP TRIGGER IF EXISTS xephang_emptied ON %s', watched);
  END LOOP;
END $$;

-- Makes every entry anew while the shop goes on writing, each in a transaction of its own: to be called outside of one.
-- So it holds one entry at a time, and lets go of it before the shop could wait for it long, or for ever.
CREATE OR REPLACE PROCEDURE xephang.fill()
LANGUAGE plpgsql
AS $$
DECLARE
  product text;
  gone record;
  done boolean;
BEGIN
  FOR product IN SELECT to_jsonb(p.id) #>> '{}' FROM xephang.products AS p WHERE p.id IS NOT NULL LOOP
    done := false;
    WHILE NOT done LOOP
      COMMIT;
      BEGIN
        PERFORM set_config('lock_timeout', '100ms', true), set_config('synchronous_commit', 'off', true);
        PERFORM xephang.renew(product);
        done := true;
      EXCEPTION WHEN lock_not_available OR deadlock_detected OR serialization_failure THEN
        NULL;
      END;
    END LOOP;
  END LOOP;
  COMMIT;
  -- What has been made since it was read is of a product that is new.
  FOR gone IN SELECT s.id, s.changed FROM xephang.search AS s
      WHERE NOT EXISTS (SELECT FROM xephang.products AS p WHERE xephang.key(to_jsonb(p.id)) = s.id) LOOP
    COMMIT;
    DELETE FROM xephang.search WHERE id = gone.id AND changed = gone.changed;
  END LOOP;
END $$;

-- Folded words, the most frequent way to write each, and about how many products have it.
DO $$ BEGIN
  IF to_regclass('xephang.words') IS NULL THEN
    CREATE MATERIALIZED VIEW xephang.words AS
      SELECT word, (array_agg(written ORDER BY products DESC, written))[1] AS written, sum(products)::integer AS products
      FROM (SELECT s.word AS written, s.ndoc AS products,
                   array_to_string(tsvector_to_array(to_tsvector('xephang.folded', s.word)), '') AS word
            FROM ts_stat('SELECT search FROM xephang.search', 'ac') AS s) AS forms
      WHERE word <> '' GROUP BY word;
    CREATE UNIQUE INDEX words_word ON xephang.words (word);
    CREATE INDEX words_near ON xephang.words USING gin (word gin_trgm_ops);
  END IF;
END $$;

RESET search_path;
