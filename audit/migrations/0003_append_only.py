"""On PostgreSQL the database itself refuses to change or delete an event, but for the two ways the site has.

An event without a place in the chain is given one; and the events of sealed months go. SQLite has no such trigger:
whoever has the file can take one off, and the chain shows what was done.
"""

from django.db import migrations

TRIGGERS = """
CREATE FUNCTION audit_keep_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.position IS NULL AND NEW.position IS NOT NULL
        AND to_jsonb(NEW) - 'position' - 'mac' = to_jsonb(OLD) - 'position' - 'mac' THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE' AND EXISTS (
        SELECT 1 FROM {schema}.audit_sealedmonth WHERE OLD.position BETWEEN first_position AND last_position
    ) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'Audit events are never changed, and never deleted but by whole sealed months.'
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION audit_keep_sealed_month() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Sealed months of the audit trail are never changed and never deleted.'
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION audit_remove_sealed() RETURNS bigint LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = {schema}, pg_temp AS $$
DECLARE
    removed bigint;
BEGIN
    DELETE FROM audit_event WHERE position <= (SELECT max(last_position) FROM audit_sealedmonth);
    GET DIAGNOSTICS removed = ROW_COUNT;
    RETURN removed;
END $$;

REVOKE ALL ON FUNCTION audit_remove_sealed() FROM PUBLIC;

CREATE TRIGGER audit_keep BEFORE UPDATE OR DELETE ON audit_event
    FOR EACH ROW EXECUTE FUNCTION audit_keep_event();
CREATE TRIGGER audit_keep BEFORE UPDATE OR DELETE ON audit_sealedmonth
    FOR EACH ROW EXECUTE FUNCTION audit_keep_sealed_month();
"""

WITHOUT = """
DROP TRIGGER audit_keep ON audit_sealedmonth;
DROP TRIGGER audit_keep ON audit_event;
DROP FUNCTION audit_remove_sealed();
DROP FUNCTION audit_keep_sealed_month();
DROP FUNCTION audit_keep_event();
"""


def keep(apps, schema_editor):
    """Create the triggers, and the one function that deletes."""
    connection = schema_editor.connection
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT quote_ident(current_schema())")
        [schema] = cursor.fetchone()
        cursor.execute(TRIGGERS.format(schema=schema))


def keep_no_more(apps, schema_editor):
    """Take them away again."""
    if schema_editor.connection.vendor == "postgresql":
        with schema_editor.connection.cursor() as cursor:
            cursor.execute(WITHOUT)


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_sealed_months")]

    operations = [migrations.RunPython(keep, keep_no_more)]
