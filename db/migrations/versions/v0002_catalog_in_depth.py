"""Classes that retire and merge, groups, counts of sources, and indexes of the living only."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SOURCE = sa.String(64).with_variant(postgresql.VARCHAR(64, collation="C"), "postgresql")
GROUP = sa.String(128).with_variant(postgresql.VARCHAR(128, collation="C"), "postgresql")


def upgrade() -> None:
    dialect = op.get_bind().dialect.name
    _keep_states_of_classes()
    op.add_column("catalog_state", sa.Column("duplicates_revision_id", sa.Integer()))
    op.add_column("catalog_state", sa.Column("duplicates_bits", sa.Integer()))
    op.add_column("vision_assets", sa.Column("group_key", GROUP))
    _index_the_living()
    op.create_table(
        "duplicate_members",
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("distance", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["asset_id"],
            ["vision_assets.asset_id"],
            name=op.f("fk_duplicate_members_asset_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("asset_id", name=op.f("pk_duplicate_members")),
    )
    op.create_index("ix_duplicate_members_group", "duplicate_members", ["group_id", "asset_id"])
    op.create_table(
        "asset_facet_counts",
        sa.Column("facet", sa.String(length=16), nullable=False),
        sa.Column("value", SOURCE, nullable=False),
        sa.Column("num_assets", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("facet", "value", name=op.f("pk_asset_facet_counts")),
    )
    for facet, column in FACETS.items():
        op.execute(
            "INSERT INTO asset_facet_counts (facet, value, num_assets) "
            f"SELECT '{facet}', coalesce({column}, ''), count(*) FROM vision_assets "
            f"WHERE NOT is_deleted GROUP BY coalesce({column}, '')"
        )
    for statement in SQLITE_TRIGGERS if dialect == "sqlite" else POSTGRESQL_TRIGGERS:
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    raise NotImplementedError("Restore a backup instead: history is never thrown away.")


def _keep_states_of_classes() -> None:
    op.create_table(
        "label_class_states",
        sa.Column("label_id", sa.Integer(), nullable=False),
        sa.Column("revision_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("color", sa.String(length=7), nullable=False),
        sa.Column("hotkey", sa.String(length=8), nullable=True),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("is_retired", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("merged_into_label_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["label_id"],
            ["label_classes.label_id"],
            name=op.f("fk_label_class_states_label_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["merged_into_label_id"],
            ["label_classes.label_id"],
            name=op.f("fk_label_class_states_merged_into_label_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["revision_id"],
            ["revisions.revision_id"],
            name=op.f("fk_label_class_states_revision_id"),
        ),
        sa.PrimaryKeyConstraint("label_id", "revision_id", name=op.f("pk_label_class_states")),
    )
    op.create_index("ix_label_class_states_revision", "label_class_states", ["revision_id"])
    op.execute(
        "INSERT INTO label_class_states (label_id, revision_id, name, color, hotkey, description) "
        "SELECT names.label_id, names.revision_id, names.name, color, hotkey, description "
        "FROM label_class_names AS names JOIN label_classes USING (label_id)"
    )
    op.drop_table("label_class_names")


LIVING_INDEXES = {
    "ix_vision_assets_living": (["asset_id"], ""),
    "ix_vision_assets_label": (["label_id", "asset_id"], ""),
    "ix_vision_assets_split": (["split_type", "asset_id"], ""),
    "ix_vision_assets_label_split": (["label_id", "split_type", "asset_id"], ""),
    "ix_vision_assets_source": (["source_dataset", "asset_id"], ""),
    "ix_vision_assets_review": (["review_state", "asset_id"], ""),
    "ix_vision_assets_augmented": (["is_augmented", "asset_id"], ""),
    "ix_vision_assets_unlabelled": (["asset_id"], " AND label_id IS NULL"),
    "ix_vision_assets_unassigned": (["asset_id"], " AND split_type IS NULL"),
    "ix_vision_assets_group": (["group_key"], " AND group_key IS NOT NULL"),
}
REPLACED = ("label", "split", "label_split", "source")


def _index_the_living() -> None:
    for name in REPLACED:
        op.drop_index(f"ix_vision_assets_{name}", "vision_assets")
    for name, (columns, only) in LIVING_INDEXES.items():
        op.create_index(
            name,
            "vision_assets",
            columns,
            sqlite_where=sa.text(f"is_deleted IS 0{only}"),
            postgresql_where=sa.text(f"is_deleted IS false{only}"),
        )


FACETS = {"source": "source_dataset", "review": "review_state"}


def _sqlite_add(facet: str, row: str, delta: str) -> str:
    return f"""
        INSERT INTO asset_facet_counts (facet, value, num_assets)
        SELECT '{facet}', coalesce({row}.{FACETS[facet]}, ''), {delta}1
        WHERE NOT {row}.is_deleted
        ON CONFLICT (facet, value) DO UPDATE SET num_assets = num_assets + excluded.num_assets;"""


def _sqlite_triggers(facet: str, column: str) -> list[str]:
    return [
        f"CREATE TRIGGER count_{facet}_inserted AFTER INSERT ON vision_assets "
        f"BEGIN {_sqlite_add(facet, 'NEW', '')} END",
        f"CREATE TRIGGER count_{facet}_deleted AFTER DELETE ON vision_assets "
        f"BEGIN {_sqlite_add(facet, 'OLD', '-')} END",
        f"CREATE TRIGGER count_{facet}_updated AFTER UPDATE OF {column}, is_deleted "
        f"ON vision_assets WHEN NEW.{column} IS NOT OLD.{column} "
        "OR NEW.is_deleted IS NOT OLD.is_deleted "
        f"BEGIN {_sqlite_add(facet, 'OLD', '-')} {_sqlite_add(facet, 'NEW', '')} END",
    ]


SQLITE_TRIGGERS = [
    statement for facet, column in FACETS.items() for statement in _sqlite_triggers(facet, column)
]


def _postgresql_add(parts: dict[str, str]) -> str:
    """Counts of the changed rows. ORDER BY: every writer touches the rows in the same order."""
    rows = " UNION ALL ".join(
        f"SELECT '{facet}' AS facet, coalesce({column}, '') AS value, {delta} AS delta "
        f"FROM {table} WHERE NOT is_deleted"
        for table, delta in parts.items()
        for facet, column in FACETS.items()
    )
    return f"""
        INSERT INTO asset_facet_counts (facet, value, num_assets)
        SELECT facet, value, sum(delta) FROM ({rows}) AS changed
        GROUP BY 1, 2 HAVING sum(delta) <> 0 ORDER BY 1, 2
        ON CONFLICT (facet, value)
        DO UPDATE SET num_assets = asset_facet_counts.num_assets + excluded.num_assets;"""


def _postgresql_trigger(event: str, parts: dict[str, str], tables: str) -> list[str]:
    return [
        f"CREATE FUNCTION count_facets_{event}() RETURNS trigger LANGUAGE plpgsql AS $$ "
        f"BEGIN {_postgresql_add(parts)} RETURN NULL; END $$",
        f"CREATE TRIGGER count_facets_{event} AFTER {event.upper()} ON vision_assets "
        f"REFERENCING {tables} FOR EACH STATEMENT EXECUTE FUNCTION count_facets_{event}()",
    ]


POSTGRESQL_TRIGGERS = [
    *_postgresql_trigger("insert", {"inserted": "1"}, "NEW TABLE AS inserted"),
    *_postgresql_trigger("delete", {"deleted": "-1"}, "OLD TABLE AS deleted"),
    *_postgresql_trigger(
        "update", {"inserted": "1", "deleted": "-1"}, "OLD TABLE AS deleted NEW TABLE AS inserted"
    ),
]
