-- The metrics of gates and early stops were names. Where both a score and what is measured had the name "latencyMs" or
-- "costUsd", gates compared what is measured. Minimum means and early stops were always about scores. Processes of an older
-- version cannot read gates and early stops in the new form.
UPDATE experiment SET gate = gate || jsonb_build_object(
  'minMeans', COALESCE((
    SELECT jsonb_agg(
      jsonb_build_object(
        'metric', jsonb_build_object('kind', 'SCORE', 'name', rule -> 'score', 'source', NULL),
        'value', rule -> 'value'
      ) ORDER BY place
    )
    FROM jsonb_array_elements(gate -> 'minMeans') WITH ORDINALITY AS old (rule, place)
  ), '[]'),
  'notWorse', COALESCE((
    SELECT jsonb_agg(
      jsonb_build_object(
        'metric', CASE rule ->> 'metric'
          WHEN 'latencyMs' THEN jsonb_build_object('kind', 'LATENCY')
          WHEN 'costUsd' THEN jsonb_build_object('kind', 'COST')
          ELSE jsonb_build_object('kind', 'SCORE', 'name', rule -> 'metric', 'source', NULL)
        END,
        'margin', rule -> 'margin'
      ) ORDER BY place
    )
    FROM jsonb_array_elements(gate -> 'notWorse') WITH ORDINALITY AS old (rule, place)
  ), '[]')
)
WHERE gate IS NOT NULL;

UPDATE run SET early_stop = jsonb_set(
  early_stop, '{metric}', jsonb_build_object('kind', 'SCORE', 'name', early_stop -> 'metric', 'source', NULL)
)
WHERE early_stop IS NOT NULL;
