"""Create the first schema: what we own, what we remember, and guards that no table can state."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Records of what people decided and of what was imported: added to, never changed.
APPEND_ONLY = ("status_changes", "imported_rows")


def upgrade() -> None:
    op.create_table(
        "campaigns",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_campaigns")),
    )
    op.create_table(
        "datasets",
        sa.Column("did", sa.String(length=300), nullable=False),
        sa.Column("scope", sa.String(length=25), nullable=False),
        sa.Column("name", sa.String(length=250), nullable=False),
        sa.Column("did_type", sa.String(length=16), nullable=False),
        sa.Column("account", sa.String(length=25), nullable=True),
        sa.Column("is_open", sa.Boolean(), nullable=True),
        sa.Column("size_bytes", sa.BigInteger(), nullable=True),
        sa.Column("file_count", sa.BigInteger(), nullable=True),
        sa.Column("event_count", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("jedi_task_id", sa.BigInteger(), nullable=True),
        sa.Column("request_name", sa.String(length=64), nullable=True),
        sa.Column("step_kind", sa.String(length=16), nullable=True),
        sa.Column("attempt_number", sa.BigInteger(), nullable=True),
        sa.Column("attempt_key", sa.String(length=120), nullable=True),
        sa.Column("data_type", sa.String(length=16), nullable=True),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content_hash", sa.String(length=32), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("did", name=op.f("pk_datasets")),
    )
    with op.batch_alter_table("datasets", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_datasets_account"), ["account"], unique=False)
        batch_op.create_index(batch_op.f("ix_datasets_attempt_key"), ["attempt_key"], unique=False)
        batch_op.create_index(batch_op.f("ix_datasets_created_at"), ["created_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_datasets_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(
            "ix_datasets_request", ["request_name", "step_kind", "attempt_number"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_datasets_scope"), ["scope"], unique=False)
        batch_op.create_index(batch_op.f("ix_datasets_size_bytes"), ["size_bytes"], unique=False)
        batch_op.create_index("ix_datasets_task", ["jedi_task_id"], unique=False)

    op.create_table(
        "downtimes",
        sa.Column("downtime_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("site_name", sa.String(length=64), nullable=False),
        sa.Column("severity", sa.String(length=16), nullable=True),
        sa.Column("classification", sa.String(length=16), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("affected", sa.String(length=500), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content_hash", sa.String(length=32), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("downtime_id", name=op.f("pk_downtimes")),
    )
    with op.batch_alter_table("downtimes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_downtimes_ends_at"), ["ends_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_downtimes_site_name"), ["site_name"], unique=False)

    op.create_table(
        "findings",
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("invariant", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("severity", sa.String(length=16), nullable=False),
        sa.Column("subject_kind", sa.String(length=32), nullable=False),
        sa.Column("subject_key", sa.String(length=300), nullable=False),
        sa.Column("request_name", sa.String(length=64), nullable=True),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column(
            "evidence",
            sa.JSON().with_variant(postgresql.JSONB(), "postgresql"),
            nullable=True,
        ),
        sa.Column("suggestion", sa.Text(), nullable=True),
        sa.Column("first_found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_findings")),
    )
    with op.batch_alter_table("findings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_findings_code"), ["code"], unique=False)
        batch_op.create_index(batch_op.f("ix_findings_invariant"), ["invariant"], unique=False)
        batch_op.create_index(batch_op.f("ix_findings_request_name"), ["request_name"], unique=False)
        batch_op.create_index(batch_op.f("ix_findings_resolved_at"), ["resolved_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_findings_severity"), ["severity"], unique=False)
        batch_op.create_index("ix_findings_subject", ["subject_kind", "subject_key"], unique=False)

    op.create_table(
        "geometries",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_geometries")),
    )
    op.create_table(
        "group_members",
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("group_name", sa.String(length=200), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content_hash", sa.String(length=32), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("subject", "group_name", name=op.f("pk_group_members")),
    )
    with op.batch_alter_table("group_members", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_group_members_group_name"), ["group_name"], unique=False)

    op.create_table(
        "groups",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content_hash", sa.String(length=32), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_groups")),
    )
    op.create_table(
        "identity_links",
        sa.Column("system", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("rule", sa.String(length=64), nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("system", "name", name=op.f("pk_identity_links")),
    )
    with op.batch_alter_table("identity_links", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_identity_links_subject"), ["subject"], unique=False)

    op.create_table(
        "imported_files",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("file_name", sa.String(length=300), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("imported_by", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imported_files")),
    )
    with op.batch_alter_table("imported_files", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_imported_files_sha256"), ["sha256"], unique=False)

    op.create_table(
        "past_versions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("table_name", sa.String(length=32), nullable=False),
        sa.Column("row_key", sa.String(length=400), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_to", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "content",
            sa.JSON().with_variant(postgresql.JSONB(), "postgresql"),
            nullable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_past_versions")),
    )
    with op.batch_alter_table("past_versions", schema=None) as batch_op:
        batch_op.create_index("ix_past_versions_row", ["table_name", "row_key", "valid_from"], unique=False)
        batch_op.create_index(batch_op.f("ix_past_versions_valid_to"), ["valid_to"], unique=False)

    op.create_table(
        "people",
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("username", sa.String(length=64), nullable=False),
        sa.Column("display_name", sa.String(length=200), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("is_service", sa.Boolean(), nullable=False),
        sa.Column("membership_ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content_hash", sa.String(length=32), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_people")),
    )
    with op.batch_alter_table("people", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_people_username"), ["username"], unique=False)

    op.create_table(
        "quarantined_records",
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("fingerprint", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column(
            "content",
            sa.JSON().with_variant(postgresql.JSONB(), "postgresql"),
            nullable=True,
        ),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("times_seen", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source", "fingerprint", name=op.f("pk_quarantined_records")),
    )
    op.create_table(
        "queues",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("site_name", sa.String(length=64), nullable=True),
        sa.Column("status", sa.String(length=32), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=True),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("queue_type", sa.String(length=32), nullable=True),
        sa.Column("resource_type", sa.String(length=32), nullable=True),
        sa.Column("core_count", sa.BigInteger(), nullable=True),
        sa.Column("max_rss_mb", sa.BigInteger(), nullable=True),
        sa.Column("max_walltime_s", sa.BigInteger(), nullable=True),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content_hash", sa.String(length=32), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_queues")),
    )
    with op.batch_alter_table("queues", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_queues_site_name"), ["site_name"], unique=False)
        batch_op.create_index(batch_op.f("ix_queues_status"), ["status"], unique=False)

    op.create_table(
        "quotas",
        sa.Column("account", sa.String(length=25), nullable=False),
        sa.Column("rse_name", sa.String(length=64), nullable=False),
        sa.Column("limit_bytes", sa.BigInteger(), nullable=True),
        sa.Column("is_unlimited", sa.Boolean(), nullable=False),
        sa.Column("used_bytes", sa.BigInteger(), nullable=True),
        sa.Column("used_files", sa.BigInteger(), nullable=True),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content_hash", sa.String(length=32), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("account", "rse_name", name=op.f("pk_quotas")),
    )
    with op.batch_alter_table("quotas", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_quotas_rse_name"), ["rse_name"], unique=False)

    op.create_table(
        "replicas",
        sa.Column("did", sa.String(length=300), nullable=False),
        sa.Column("rse_name", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=True),
        sa.Column("file_count", sa.BigInteger(), nullable=True),
        sa.Column("available_bytes", sa.BigInteger(), nullable=True),
        sa.Column("available_files", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accessed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content_hash", sa.String(length=32), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("did", "rse_name", name=op.f("pk_replicas")),
    )
    with op.batch_alter_table("replicas", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_replicas_rse_name"), ["rse_name"], unique=False)

    op.create_table(
        "rules",
        sa.Column("rule_id", sa.String(length=32), nullable=False),
        sa.Column("did", sa.String(length=300), nullable=False),
        sa.Column("account", sa.String(length=25), nullable=False),
        sa.Column("rse_expression", sa.String(length=500), nullable=False),
        sa.Column("copies", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("locks_ok", sa.BigInteger(), nullable=True),
        sa.Column("locks_replicating", sa.BigInteger(), nullable=True),
        sa.Column("locks_stuck", sa.BigInteger(), nullable=True),
        sa.Column("activity", sa.String(length=64), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content_hash", sa.String(length=32), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("rule_id", name=op.f("pk_rules")),
    )
    with op.batch_alter_table("rules", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rules_account"), ["account"], unique=False)
        batch_op.create_index(batch_op.f("ix_rules_did"), ["did"], unique=False)
        batch_op.create_index(batch_op.f("ix_rules_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_rules_state"), ["state"], unique=False)

    op.create_table(
        "seed_spaces",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("physics_key", sa.String(length=600), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seed_spaces")),
        sa.UniqueConstraint("physics_key", name=op.f("uq_seed_spaces_physics_key")),
    )
    op.create_table(
        "services",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("site_name", sa.String(length=64), nullable=True),
        sa.Column("service_type", sa.String(length=64), nullable=True),
        sa.Column("flavour", sa.String(length=64), nullable=True),
        sa.Column("endpoint", sa.String(length=500), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=True),
        sa.Column("status", sa.String(length=32), nullable=True),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content_hash", sa.String(length=32), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_services")),
    )
    with op.batch_alter_table("services", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_services_site_name"), ["site_name"], unique=False)

    op.create_table(
        "sites",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("centre_name", sa.String(length=64), nullable=True),
        sa.Column("country", sa.String(length=64), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=True),
        sa.Column("tier_level", sa.BigInteger(), nullable=True),
        sa.Column("cores", sa.BigInteger(), nullable=True),
        sa.Column("cores_usual", sa.BigInteger(), nullable=True),
        sa.Column("storage_raw_bytes", sa.BigInteger(), nullable=True),
        sa.Column("storage_usable_bytes", sa.BigInteger(), nullable=True),
        sa.Column("storage_note", sa.Text(), nullable=True),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content_hash", sa.String(length=32), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_sites")),
    )
    op.create_table(
        "software_releases",
        sa.Column("project", sa.String(length=64), nullable=False),
        sa.Column("version", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("project", "version", name=op.f("pk_software_releases")),
    )
    op.create_table(
        "sources",
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column("stale_after_s", sa.Float(), nullable=False),
        sa.Column("last_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_ok_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_full_ok_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("hold_reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_sources")),
    )
    op.create_table(
        "stages",
        sa.Column("name", sa.String(length=8), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("energy_max_mev", sa.BigInteger(), nullable=True),
        sa.Column("required_geometry", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_stages")),
    )
    op.create_table(
        "storage_endpoints",
        sa.Column("rse_name", sa.String(length=64), nullable=False),
        sa.Column("site_name", sa.String(length=64), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=True),
        sa.Column("state_comment", sa.String(length=1000), nullable=True),
        sa.Column("is_tape", sa.Boolean(), nullable=True),
        sa.Column("storage_type", sa.String(length=64), nullable=True),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content_hash", sa.String(length=32), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("rse_name", name=op.f("pk_storage_endpoints")),
    )
    with op.batch_alter_table("storage_endpoints", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_storage_endpoints_site_name"), ["site_name"], unique=False)

    op.create_table(
        "storage_usages",
        sa.Column("rse_name", sa.String(length=64), nullable=False),
        sa.Column("usage_kind", sa.String(length=32), nullable=False),
        sa.Column("used_bytes", sa.BigInteger(), nullable=True),
        sa.Column("free_bytes", sa.BigInteger(), nullable=True),
        sa.Column("total_bytes", sa.BigInteger(), nullable=True),
        sa.Column("file_count", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content_hash", sa.String(length=32), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("rse_name", "usage_kind", name=op.f("pk_storage_usages")),
    )
    op.create_table(
        "storages",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("rse_type", sa.String(length=16), nullable=True),
        sa.Column("is_deterministic", sa.Boolean(), nullable=True),
        sa.Column("is_volatile", sa.Boolean(), nullable=True),
        sa.Column("can_read", sa.Boolean(), nullable=True),
        sa.Column("can_write", sa.Boolean(), nullable=True),
        sa.Column("can_delete", sa.Boolean(), nullable=True),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content_hash", sa.String(length=32), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_storages")),
    )
    op.create_table(
        "sync_runs",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("job", sa.String(length=64), nullable=False),
        sa.Column("is_full", sa.Boolean(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("verdict", sa.String(length=16), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("rows_seen", sa.BigInteger(), nullable=False),
        sa.Column("rows_changed", sa.BigInteger(), nullable=False),
        sa.Column("rows_gone", sa.BigInteger(), nullable=False),
        sa.Column("rows_quarantined", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sync_runs")),
    )
    with op.batch_alter_table("sync_runs", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sync_runs_source"), ["source"], unique=False)
        batch_op.create_index(batch_op.f("ix_sync_runs_started_at"), ["started_at"], unique=False)

    op.create_table(
        "task_job_counts",
        sa.Column("jedi_task_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("queue_name", sa.String(length=64), nullable=False),
        sa.Column("job_state", sa.String(length=32), nullable=False),
        sa.Column("jobs", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content_hash", sa.String(length=32), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("jedi_task_id", "queue_name", "job_state", name=op.f("pk_task_job_counts")),
    )
    with op.batch_alter_table("task_job_counts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_task_job_counts_queue_name"), ["queue_name"], unique=False)

    op.create_table(
        "tasks",
        sa.Column("jedi_task_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=256), nullable=False),
        sa.Column("status", sa.String(length=64), nullable=False),
        sa.Column("user_name", sa.String(length=128), nullable=True),
        sa.Column("working_group", sa.String(length=64), nullable=True),
        sa.Column("task_type", sa.String(length=64), nullable=True),
        sa.Column("parent_task_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("modified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("priority", sa.BigInteger(), nullable=True),
        sa.Column("core_count", sa.BigInteger(), nullable=True),
        sa.Column("error_dialog", sa.Text(), nullable=True),
        sa.Column("jobs_expected", sa.BigInteger(), nullable=True),
        sa.Column("jobs_finished", sa.BigInteger(), nullable=True),
        sa.Column("jobs_failed", sa.BigInteger(), nullable=True),
        sa.Column("events_reported", sa.BigInteger(), nullable=True),
        sa.Column("events_per_job", sa.BigInteger(), nullable=True),
        sa.Column("output_bytes", sa.BigInteger(), nullable=True),
        sa.Column("log_bytes", sa.BigInteger(), nullable=True),
        sa.Column("walltime_reported", sa.Float(), nullable=True),
        sa.Column("core_seconds", sa.BigInteger(), nullable=True),
        sa.Column("seed_first", sa.BigInteger(), nullable=True),
        sa.Column("seed_last", sa.BigInteger(), nullable=True),
        sa.Column("missing_seeds", sa.Text(), nullable=True),
        sa.Column("submission_key", sa.String(length=64), nullable=True),
        sa.Column("request_name", sa.String(length=64), nullable=True),
        sa.Column("step_kind", sa.String(length=16), nullable=True),
        sa.Column("attempt_number", sa.BigInteger(), nullable=True),
        sa.Column("attempt_key", sa.String(length=120), nullable=True),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content_hash", sa.String(length=32), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("jedi_task_id", name=op.f("pk_tasks")),
    )
    with op.batch_alter_table("tasks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tasks_attempt_key"), ["attempt_key"], unique=False)
        batch_op.create_index(batch_op.f("ix_tasks_created_at"), ["created_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_tasks_ended_at"), ["ended_at"], unique=False)
        batch_op.create_index("ix_tasks_name", ["name"], unique=False)
        batch_op.create_index(batch_op.f("ix_tasks_parent_task_id"), ["parent_task_id"], unique=False)
        batch_op.create_index(
            "ix_tasks_request", ["request_name", "step_kind", "attempt_number"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_tasks_status"), ["status"], unique=False)
        batch_op.create_index(batch_op.f("ix_tasks_submission_key"), ["submission_key"], unique=False)
        batch_op.create_index(batch_op.f("ix_tasks_user_name"), ["user_name"], unique=False)

    op.create_table(
        "imported_rows",
        sa.Column("file_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("row_number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=True),
        sa.Column("verdict", sa.String(length=16), nullable=False),
        sa.Column("cells", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("notes", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.ForeignKeyConstraint(["file_id"], ["imported_files.id"], name=op.f("fk_imported_rows_file_id")),
        sa.PrimaryKeyConstraint("file_id", "row_number", name=op.f("pk_imported_rows")),
    )
    with op.batch_alter_table("imported_rows", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_imported_rows_subject"), ["subject"], unique=False)

    op.create_table(
        "requests",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("campaign_name", sa.String(length=64), nullable=True),
        sa.Column("stage_name", sa.String(length=8), nullable=False),
        sa.Column("software_project", sa.String(length=64), nullable=False),
        sa.Column("software_version", sa.String(length=32), nullable=False),
        sa.Column("collision_type", sa.String(length=8), nullable=False),
        sa.Column("beam_energy_mev", sa.BigInteger(), nullable=False),
        sa.Column("polarization", sa.String(length=2), nullable=False),
        sa.Column("tag", sa.String(length=200), nullable=False),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sa.Column("events_per_file", sa.BigInteger(), nullable=False),
        sa.Column("priority", sa.BigInteger(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("intent", sa.String(length=16), nullable=False),
        sa.Column("intent_before_hold", sa.String(length=16), nullable=True),
        sa.Column("is_test", sa.Boolean(), nullable=False),
        sa.Column("requested_by", sa.String(length=64), nullable=True),
        sa.Column("accepted_by", sa.String(length=64), nullable=True),
        sa.Column("accepted_completeness", sa.Float(), nullable=True),
        sa.Column("origin", sa.String(length=16), nullable=False),
        sa.Column("legacy_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "unplaced",
            sa.JSON().with_variant(postgresql.JSONB(), "postgresql"),
            nullable=True,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("beam_energy_mev > 0", name=op.f("ck_requests_energy_positive")),
        sa.CheckConstraint("events > 0", name=op.f("ck_requests_events_positive")),
        sa.CheckConstraint("events_per_file > 0", name=op.f("ck_requests_events_per_file_positive")),
        sa.ForeignKeyConstraint(
            ["campaign_name"], ["campaigns.name"], name=op.f("fk_requests_campaign_name")
        ),
        sa.ForeignKeyConstraint(
            ["software_project", "software_version"],
            ["software_releases.project", "software_releases.version"],
            name="fk_requests_software",
        ),
        sa.ForeignKeyConstraint(["stage_name"], ["stages.name"], name=op.f("fk_requests_stage_name")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_requests")),
    )
    with op.batch_alter_table("requests", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_requests_beam_energy_mev"), ["beam_energy_mev"], unique=False)
        batch_op.create_index(batch_op.f("ix_requests_campaign_name"), ["campaign_name"], unique=False)
        batch_op.create_index(batch_op.f("ix_requests_created_at"), ["created_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_requests_intent"), ["intent"], unique=False)
        batch_op.create_index(batch_op.f("ix_requests_requested_by"), ["requested_by"], unique=False)
        batch_op.create_index("ix_requests_software", ["software_project", "software_version"], unique=False)
        batch_op.create_index(batch_op.f("ix_requests_stage_name"), ["stage_name"], unique=False)

    op.create_table(
        "comments",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("request_name", sa.String(length=64), nullable=False),
        sa.Column("author", sa.String(length=64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["request_name"], ["requests.name"], name=op.f("fk_comments_request_name")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comments")),
    )
    with op.batch_alter_table("comments", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_comments_request_name"), ["request_name"], unique=False)

    op.create_table(
        "request_geometries",
        sa.Column("request_name", sa.String(length=64), nullable=False),
        sa.Column("geometry_name", sa.String(length=64), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["geometry_name"], ["geometries.name"], name=op.f("fk_request_geometries_geometry_name")
        ),
        sa.ForeignKeyConstraint(
            ["request_name"], ["requests.name"], name=op.f("fk_request_geometries_request_name")
        ),
        sa.PrimaryKeyConstraint("request_name", "geometry_name", name=op.f("pk_request_geometries")),
    )
    with op.batch_alter_table("request_geometries", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_request_geometries_geometry_name"), ["geometry_name"], unique=False
        )

    op.create_table(
        "request_relations",
        sa.Column("request_name", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("other_name", sa.String(length=64), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["other_name"], ["requests.name"], name=op.f("fk_request_relations_other_name")
        ),
        sa.ForeignKeyConstraint(
            ["request_name"], ["requests.name"], name=op.f("fk_request_relations_request_name")
        ),
        sa.PrimaryKeyConstraint("request_name", "kind", "other_name", name=op.f("pk_request_relations")),
    )
    with op.batch_alter_table("request_relations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_request_relations_other_name"), ["other_name"], unique=False)

    op.create_table(
        "seed_ranges",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("seed_space_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("request_name", sa.String(length=64), nullable=True),
        sa.Column("seed_first", sa.BigInteger(), nullable=False),
        sa.Column("seed_last", sa.BigInteger(), nullable=False),
        sa.Column("is_exempt", sa.Boolean(), nullable=False),
        sa.Column("exempt_reason", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "is_exempt = (exempt_reason IS NOT NULL)", name=op.f("ck_seed_ranges_exempt_says_why")
        ),
        sa.CheckConstraint("seed_first >= 1", name=op.f("ck_seed_ranges_first_positive")),
        sa.CheckConstraint("seed_last >= seed_first", name=op.f("ck_seed_ranges_ordered")),
        sa.ForeignKeyConstraint(
            ["request_name"], ["requests.name"], name=op.f("fk_seed_ranges_request_name")
        ),
        sa.ForeignKeyConstraint(
            ["seed_space_id"], ["seed_spaces.id"], name=op.f("fk_seed_ranges_seed_space_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seed_ranges")),
    )
    with op.batch_alter_table("seed_ranges", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_seed_ranges_request_name"), ["request_name"], unique=False)
        batch_op.create_index(batch_op.f("ix_seed_ranges_seed_space_id"), ["seed_space_id"], unique=False)

    op.create_table(
        "status_changes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("request_name", sa.String(length=64), nullable=False),
        sa.Column("from_intent", sa.String(length=16), nullable=True),
        sa.Column("to_intent", sa.String(length=16), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(length=64), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["request_name"], ["requests.name"], name=op.f("fk_status_changes_request_name")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_status_changes")),
    )
    with op.batch_alter_table("status_changes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_status_changes_request_name"), ["request_name"], unique=False)

    op.create_table(
        "steps",
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("request_name", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("parent_step_key", sa.String(length=100), nullable=True),
        sa.Column("script", sa.String(length=500), nullable=True),
        sa.Column("script_version", sa.String(length=16), nullable=True),
        sa.Column("script_variant", sa.String(length=64), nullable=True),
        sa.Column("dataset_pattern", sa.String(length=500), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["parent_step_key"], ["steps.key"], name=op.f("fk_steps_parent_step_key")),
        sa.ForeignKeyConstraint(["request_name"], ["requests.name"], name=op.f("fk_steps_request_name")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_steps")),
    )
    with op.batch_alter_table("steps", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_steps_parent_step_key"), ["parent_step_key"], unique=False)
        batch_op.create_index(batch_op.f("ix_steps_request_name"), ["request_name"], unique=False)

    op.create_table(
        "attempts",
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("step_key", sa.String(length=100), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("task_name", sa.String(length=256), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("is_live", sa.Boolean(), nullable=False),
        sa.Column("jedi_task_id", sa.BigInteger(), nullable=True),
        sa.Column("origin", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("submitted_by", sa.String(length=64), nullable=True),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["step_key"], ["steps.key"], name=op.f("fk_attempts_step_key")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_attempts")),
        sa.UniqueConstraint("jedi_task_id", name=op.f("uq_attempts_jedi_task_id")),
        sa.UniqueConstraint("step_key", "number", name=op.f("uq_attempts_step_key_number")),
    )
    with op.batch_alter_table("attempts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_attempts_task_name"), ["task_name"], unique=False)
        batch_op.create_index(
            "uq_attempts_live_step",
            ["step_key"],
            unique=True,
            sqlite_where=sa.text("is_live"),
            postgresql_where=sa.text("is_live"),
        )
        batch_op.create_index(
            "uq_attempts_live_task_name",
            ["task_name"],
            unique=True,
            sqlite_where=sa.text("is_live"),
            postgresql_where=sa.text("is_live"),
        )

    op.create_table(
        "step_datasets",
        sa.Column("step_key", sa.String(length=100), nullable=False),
        sa.Column("role", sa.String(length=8), nullable=False),
        sa.Column("did", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(["step_key"], ["steps.key"], name=op.f("fk_step_datasets_step_key")),
        sa.PrimaryKeyConstraint("step_key", "role", "did", name=op.f("pk_step_datasets")),
    )
    with op.batch_alter_table("step_datasets", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_step_datasets_did"), ["did"], unique=False)
    if op.get_context().dialect.name == "postgresql":
        guard_postgresql()
    else:
        guard_sqlite()


def guard_postgresql() -> None:
    """Refuse overlapping seeds (invariant 1) and changes of history.

    A range of one number stands for the seed space: plain equality under GiST would need an extension.
    """
    op.execute(
        """
        ALTER TABLE seed_ranges ADD CONSTRAINT ex_seed_ranges_no_overlap EXCLUDE USING gist (
            int8range(seed_space_id, seed_space_id, '[]') WITH &&,
            int8range(seed_first, seed_last, '[]') WITH &&
        ) WHERE (NOT is_exempt)
        """
    )
    op.execute(
        """
        CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'rows of % are only ever added', TG_TABLE_NAME;
        END $$
        """
    )
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )


def guard_sqlite() -> None:
    """Refuse the same on SQLite, by triggers."""
    for event in ("INSERT", "UPDATE"):
        op.execute(
            f"""
            CREATE TRIGGER seed_ranges_no_overlap_{event.lower()} BEFORE {event} ON seed_ranges
            WHEN NOT NEW.is_exempt AND EXISTS (
                SELECT 1 FROM seed_ranges AS other
                WHERE other.seed_space_id = NEW.seed_space_id AND NOT other.is_exempt
                  AND other.id IS NOT NEW.id
                  AND other.seed_first <= NEW.seed_last AND other.seed_last >= NEW.seed_first
            )
            BEGIN SELECT RAISE(ABORT, 'ex_seed_ranges_no_overlap'); END
            """
        )
    for table in APPEND_ONLY:
        for event in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are only ever added'); END"
            )
