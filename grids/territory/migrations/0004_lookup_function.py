"""The point lookup as one function, so that its plans are kept from call to call.

Planning the lookup takes longer than running it; PL/pgSQL plans each statement once a session
when it is told to keep the general plan, which here is the only one.
"""

from django.db import migrations

# One point, one moment. Steps, each only when the one before found nothing:
#   leaf   the leaves that cover the point
#   near   the nearest leaves within the gap distance
#   cover  every area that covers the point
#   far    only the distance to the nearest area
# Found areas come with their ancestors along the parent chain, `step` 0 being the area itself.
# The child check is a scalar subquery inside CASE on purpose: it stays an index probe per candidate
# and runs before ST_Covers, which for a whole street is dear. IS TRUE keeps the index on `valid`
# out, which would fetch the whole division. LIMIT and OFFSET 0 keep the joins index probes,
# whatever the estimates of a recursion say.
CREATE = """
CREATE FUNCTION territory_lookup(
    lon float8, lat float8, at timestamptz, gap_m float8
) RETURNS TABLE (
    how text, start bigint, step integer, distance_m float8, boundary_id bigint, grid_id bigint,
    tier_code varchar, tier_order smallint, code varchar, name varchar, name_en varchar,
    households integer
) LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 4
SET plan_cache_mode = force_generic_plan AS $function$
#variable_conflict use_column
DECLARE
    point geometry := ST_SetSRID(ST_MakePoint(lon, lat), 4326);
    reach float8 := gap_m / 110000.0;  -- degrees; a little more than the distance, anywhere
    starts bigint[];
    kind text := 'leaf';
    metres float8 := 0;
BEGIN
    SELECT array_agg(b.id) INTO starts
    FROM territory_boundary b
    WHERE b.geometry && point AND (b.valid @> at) IS TRUE
      AND CASE WHEN (SELECT true FROM territory_boundary c
                     WHERE c.parent_id = b.grid_id AND (c.valid @> at) IS TRUE LIMIT 1) IS NULL
               THEN ST_Covers(b.geometry, point) END;

    IF starts IS NULL THEN
        kind := 'near';
        SELECT array_agg(n.id), min(n.d) INTO starts, metres
        FROM (
            SELECT b.id, ST_Distance(b.geometry::geography, point::geography) AS d
            FROM territory_boundary b
            WHERE b.geometry && ST_Expand(
                    point, least(180, reach / greatest(cos(radians(lat)), 1e-6)), reach)
              AND (b.valid @> at) IS TRUE
              AND (SELECT true FROM territory_boundary c
                   WHERE c.parent_id = b.grid_id AND (c.valid @> at) IS TRUE LIMIT 1) IS NULL
            ORDER BY d FETCH FIRST 1 ROW WITH TIES
        ) n
        WHERE n.d <= gap_m;
    END IF;

    IF starts IS NULL THEN
        kind := 'cover';
        metres := 0;
        SELECT array_agg(b.id) INTO starts
        FROM territory_boundary b
        WHERE ST_Covers(b.geometry, point) AND (b.valid @> at) IS TRUE;
    END IF;

    IF starts IS NULL THEN
        SELECT min(n.d) INTO metres
        FROM (
            SELECT ST_Distance(b.geometry::geography, point::geography) AS d
            FROM territory_boundary b
            WHERE (b.valid @> at) IS TRUE
            ORDER BY b.geometry <-> point LIMIT 4
        ) n;
        IF metres IS NOT NULL THEN
            RETURN QUERY SELECT 'far', NULL::bigint, NULL::integer, metres, NULL::bigint,
                NULL::bigint, NULL::varchar, NULL::smallint, NULL::varchar, NULL::varchar,
                NULL::varchar, NULL::integer;
        END IF;
        RETURN;
    END IF;

    RETURN QUERY
    WITH RECURSIVE chain AS (
        SELECT b.id AS start, 0 AS step, b.id, b.grid_id, b.parent_id, b.name, b.name_en,
               b.households
        FROM territory_boundary b WHERE b.id = ANY (starts)
        UNION ALL
        SELECT c.start, c.step + 1, p.id, p.grid_id, p.parent_id, p.name, p.name_en, p.households
        FROM chain c CROSS JOIN LATERAL (
            SELECT b.id, b.grid_id, b.parent_id, b.name, b.name_en, b.households
            FROM territory_boundary b
            WHERE b.grid_id = c.parent_id AND b.valid @> at LIMIT 1
        ) p
        WHERE c.step < 20
    )
    SELECT kind, c.start, c.step, metres, c.id, c.grid_id, g.tier_code, g.tier_order, g.code,
           c.name, c.name_en, c.households
    FROM chain c CROSS JOIN LATERAL (
        SELECT g.code, t.code AS tier_code, t."order" AS tier_order
        FROM territory_grid g JOIN territory_tier t ON t.id = g.tier_id
        WHERE g.id = c.grid_id OFFSET 0
    ) g;
END
$function$
"""

DROP = "DROP FUNCTION territory_lookup(float8, float8, timestamptz, float8)"


class Migration(migrations.Migration):
    dependencies = [("territory", "0003_default_tiers")]

    operations = [migrations.RunSQL(CREATE, DROP)]
