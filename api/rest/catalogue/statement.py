"""The one statement that reads PostgreSQL's catalogue, as one JSON document.

Everything is named by object id and column number here; `loading` puts it together. Keys, foreign keys and views are
read of all schemas, since an exposed view may show tables of one that is not.
"""

# pg_type.typname and not format_type: `character` in a cast means char(1) and cuts the value off.
_TYPES = """
SELECT json_agg(json_build_array(t.oid::int8, n.nspname, t.typname, t.typtype, t.typarray::int8, t.typbasetype::int8,
                                 t.typrelid::int8, pg_get_expr(t.typdefaultbin, 0)))
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
"""

# Also the composite types that functions answer, wherever they are.
_RELATIONS = """
SELECT json_agg(json_build_object(
  'id', c.oid::int8, 'schema', s.name, 'name', c.relname, 'secured', c.relrowsecurity OR c.relkind = 'v',
  'served', s.is_exposed AND c.relkind <> 'c', 'comment', obj_description(c.oid, 'pg_class'),
  'columns', (
    SELECT coalesce(json_agg(json_build_object(
      'number', a.attnum, 'name', a.attname, 'type', a.atttypid::int8,
      'filled', a.attgenerated <> '' OR a.attidentity = 'a',
      'default', CASE WHEN a.attidentity = 'd' THEN format('nextval(%L::regclass)',
                   pg_get_serial_sequence(format('%I.%I', s.name, c.relname), a.attname))
                 ELSE pg_get_expr(d.adbin, d.adrelid) END,
      'readers', (SELECT coalesce(json_agg(r.role), '[]') FROM unnest($2::text[]) AS r(role)
                  WHERE has_column_privilege(r.role, c.oid, a.attnum, 'SELECT'))) ORDER BY a.attnum), '[]')
    FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)))
FROM pg_class c JOIN spaces s ON s.oid = c.relnamespace
WHERE (s.is_exposed AND c.relkind IN ('r', 'v', 'm', 'f', 'p') AND NOT c.relispartition)
  OR c.reltype IN (SELECT p.prorettype FROM pg_proc p JOIN spaces e ON e.oid = p.pronamespace WHERE e.is_exposed)
"""

_KEYS = """
SELECT json_agg(json_build_object(
  'relation', i.indrelid::int8, 'primary', i.indisprimary, 'columns', (i.indkey::int2[])[0:i.indnkeyatts - 1])
  ORDER BY i.indisprimary DESC, i.indexrelid)
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN spaces s ON s.oid = c.relnamespace AND s.is_made
WHERE i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
"""

_FOREIGN_KEYS = """
SELECT json_agg(json_build_object(
  'name', k.conname, 'child', k.conrelid::int8, 'columns', k.conkey,
  'parent', k.confrelid::int8, 'referenced', k.confkey) ORDER BY k.conname, k.oid)
FROM pg_constraint k WHERE k.contype = 'f' AND k.conparentid = 0
"""

_VIEWS = """
SELECT json_agg(json_build_object('id', c.oid::int8, 'tree', w.ev_action::text))
FROM pg_rewrite w JOIN pg_class c ON c.oid = w.ev_class JOIN spaces s ON s.oid = c.relnamespace AND s.is_made
WHERE w.rulename = '_RETURN' AND c.relkind IN ('v', 'm')
"""

_FUNCTIONS = """
SELECT json_agg(json_build_object(
  'schema', s.name, 'name', p.proname, 'volatility', p.provolatile, 'set', p.proretset, 'rows', p.prorows,
  'result', p.prorettype::int8, 'types', coalesce(p.proallargtypes, p.proargtypes::oid[])::int8[],
  'modes', p.proargmodes, 'names', p.proargnames, 'defaults', p.pronargdefaults,
  'comment', obj_description(p.oid, 'pg_proc'),
  'executors', (SELECT coalesce(json_agg(r.role), '[]') FROM unnest($2::text[]) AS r(role)
                WHERE has_function_privilege(r.role, p.oid, 'EXECUTE'))) ORDER BY p.proname, p.oid)
FROM pg_proc p JOIN spaces s ON s.oid = p.pronamespace AND s.is_exposed
WHERE p.prokind = 'f' AND p.prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype)
"""

LOAD = f"""
WITH spaces AS (
  SELECT oid, nspname AS name, nspname = ANY($1::text[]) AS is_exposed,
         nspname <> 'information_schema' AND nspname NOT LIKE 'pg\\_%' AS is_made
  FROM pg_namespace
)
SELECT json_build_object(
  'types', ({_TYPES}), 'relations', ({_RELATIONS}), 'keys', ({_KEYS}), 'foreign_keys', ({_FOREIGN_KEYS}),
  'views', ({_VIEWS}), 'functions', ({_FUNCTIONS}))::text
"""  # noqa: S608  of constants
