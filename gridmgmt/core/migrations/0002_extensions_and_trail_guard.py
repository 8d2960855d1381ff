"""Extensions that constraints need, and the one trigger of the platform: the trail is append-only."""

from django.contrib.postgres.operations import BtreeGistExtension
from django.db import migrations

GUARD = """
CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The audit trail is append-only: % on % is refused.', TG_OP, TG_TABLE_NAME;
END $$;
CREATE TRIGGER audit_entry_append_only BEFORE UPDATE OR DELETE ON core_auditentry
    FOR EACH ROW EXECUTE FUNCTION audit_is_append_only();
CREATE TRIGGER audit_seal_append_only BEFORE UPDATE OR DELETE ON core_auditseal
    FOR EACH ROW EXECUTE FUNCTION audit_is_append_only();
"""

UNGUARD = """
DROP TRIGGER audit_entry_append_only ON core_auditentry;
DROP TRIGGER audit_seal_append_only ON core_auditseal;
DROP FUNCTION audit_is_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]

    operations = [
        BtreeGistExtension(),
        migrations.RunSQL(GUARD, UNGUARD),
    ]
