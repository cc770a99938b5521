SELECT pg_catalog.set_config('search_path', '', false);
CREATE FUNCTION public.count_assets_delete() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN 
        INSERT INTO asset_counts (label_key, split_key, is_augmented, num_assets)
        SELECT coalesce(label_id, 0), coalesce(split_type, ''), is_augmented, sum(delta)
        FROM (SELECT label_id, split_type, is_augmented, is_deleted, -1 AS delta FROM deleted) AS changed WHERE NOT is_deleted
        GROUP BY 1, 2, 3 HAVING sum(delta) <> 0 ORDER BY 1, 2, 3
        ON CONFLICT (label_key, split_key, is_augmented)
        DO UPDATE SET num_assets = asset_counts.num_assets + excluded.num_assets; RETURN NULL; END $$;
CREATE FUNCTION public.count_assets_insert() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN 
        INSERT INTO asset_counts (label_key, split_key, is_augmented, num_assets)
        SELECT coalesce(label_id, 0), coalesce(split_type, ''), is_augmented, sum(delta)
        FROM (SELECT label_id, split_type, is_augmented, is_deleted, 1 AS delta FROM inserted) AS changed WHERE NOT is_deleted
        GROUP BY 1, 2, 3 HAVING sum(delta) <> 0 ORDER BY 1, 2, 3
        ON CONFLICT (label_key, split_key, is_augmented)
        DO UPDATE SET num_assets = asset_counts.num_assets + excluded.num_assets; RETURN NULL; END $$;
CREATE FUNCTION public.count_assets_update() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN 
        INSERT INTO asset_counts (label_key, split_key, is_augmented, num_assets)
        SELECT coalesce(label_id, 0), coalesce(split_type, ''), is_augmented, sum(delta)
        FROM (SELECT label_id, split_type, is_augmented, is_deleted, 1 AS delta FROM inserted UNION ALL SELECT label_id, split_type, is_augmented, is_deleted, -1 AS delta FROM deleted) AS changed WHERE NOT is_deleted
        GROUP BY 1, 2, 3 HAVING sum(delta) <> 0 ORDER BY 1, 2, 3
        ON CONFLICT (label_key, split_key, is_augmented)
        DO UPDATE SET num_assets = asset_counts.num_assets + excluded.num_assets; RETURN NULL; END $$;
CREATE FUNCTION public.count_facets_delete() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN 
        INSERT INTO asset_facet_counts (facet, value, num_assets)
        SELECT facet, value, sum(delta) FROM (SELECT 'source' AS facet, coalesce(source_dataset, '') AS value, -1 AS delta FROM deleted WHERE NOT is_deleted UNION ALL SELECT 'review' AS facet, coalesce(review_state, '') AS value, -1 AS delta FROM deleted WHERE NOT is_deleted) AS changed
        GROUP BY 1, 2 HAVING sum(delta) <> 0 ORDER BY 1, 2
        ON CONFLICT (facet, value)
        DO UPDATE SET num_assets = asset_facet_counts.num_assets + excluded.num_assets; RETURN NULL; END $$;
CREATE FUNCTION public.count_facets_insert() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN 
        INSERT INTO asset_facet_counts (facet, value, num_assets)
        SELECT facet, value, sum(delta) FROM (SELECT 'source' AS facet, coalesce(source_dataset, '') AS value, 1 AS delta FROM inserted WHERE NOT is_deleted UNION ALL SELECT 'review' AS facet, coalesce(review_state, '') AS value, 1 AS delta FROM inserted WHERE NOT is_deleted) AS changed
        GROUP BY 1, 2 HAVING sum(delta) <> 0 ORDER BY 1, 2
        ON CONFLICT (facet, value)
        DO UPDATE SET num_assets = asset_facet_counts.num_assets + excluded.num_assets; RETURN NULL; END $$;
CREATE FUNCTION public.count_facets_update() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN 
        INSERT INTO asset_facet_counts (facet, value, num_assets)
        SELECT facet, value, sum(delta) FROM (SELECT 'source' AS facet, coalesce(source_dataset, '') AS value, 1 AS delta FROM inserted WHERE NOT is_deleted UNION ALL SELECT 'review' AS facet, coalesce(review_state, '') AS value, 1 AS delta FROM inserted WHERE NOT is_deleted UNION ALL SELECT 'source' AS facet, coalesce(source_dataset, '') AS value, -1 AS delta FROM deleted WHERE NOT is_deleted UNION ALL SELECT 'review' AS facet, coalesce(review_state, '') AS value, -1 AS delta FROM deleted WHERE NOT is_deleted) AS changed
        GROUP BY 1, 2 HAVING sum(delta) <> 0 ORDER BY 1, 2
        ON CONFLICT (facet, value)
        DO UPDATE SET num_assets = asset_facet_counts.num_assets + excluded.num_assets; RETURN NULL; END $$;
CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);
CREATE TABLE public.asset_changes (
    revision_id integer NOT NULL,
    asset_id uuid NOT NULL,
    before_exists boolean NOT NULL,
    before_file_path text,
    before_content_hash character varying(64),
    before_label_id integer,
    before_split_type character varying(10),
    before_review_state character varying(16),
    before_parent_asset_id uuid,
    after_exists boolean NOT NULL,
    after_file_path text,
    after_content_hash character varying(64),
    after_label_id integer,
    after_split_type character varying(10),
    after_review_state character varying(16),
    after_parent_asset_id uuid
);
CREATE TABLE public.asset_counts (
    label_key integer NOT NULL,
    split_key character varying(10) NOT NULL,
    is_augmented boolean NOT NULL,
    num_assets integer DEFAULT 0 NOT NULL
);
CREATE TABLE public.asset_facet_counts (
    facet character varying(16) NOT NULL,
    value character varying(64) NOT NULL COLLATE pg_catalog."C",
    num_assets integer DEFAULT 0 NOT NULL
);
CREATE TABLE public.assignments (
    asset_id uuid NOT NULL,
    person character varying(128) NOT NULL,
    assigned_by character varying(128) NOT NULL,
    created_at timestamp without time zone DEFAULT (clock_timestamp() AT TIME ZONE 'utc'::text) NOT NULL,
    CONSTRAINT ck_assignments_person_not_empty CHECK ((length((person)::text) > 0))
);
CREATE TABLE public.augmentation_presets (
    preset_id integer NOT NULL,
    name character varying(80) NOT NULL,
    based_on character varying(32) NOT NULL,
    parameters jsonb NOT NULL,
    author character varying(128) NOT NULL,
    created_at timestamp without time zone DEFAULT (clock_timestamp() AT TIME ZONE 'utc'::text) NOT NULL,
    CONSTRAINT ck_augmentation_presets_name_not_empty CHECK ((length((name)::text) > 0))
);
CREATE SEQUENCE public.augmentation_presets_preset_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.augmentation_presets_preset_id_seq OWNED BY public.augmentation_presets.preset_id;
CREATE TABLE public.catalog_state (
    state_id integer NOT NULL,
    last_revision_id integer DEFAULT 0 NOT NULL,
    duplicates_revision_id integer,
    duplicates_bits integer,
    CONSTRAINT ck_catalog_state_single_row CHECK ((state_id = 1))
);
CREATE TABLE public.checkpoints (
    run_id integer NOT NULL,
    kind character varying(8) NOT NULL,
    file_path text NOT NULL,
    content_hash character varying(64) NOT NULL,
    size_bytes integer NOT NULL,
    epoch integer NOT NULL,
    val_accuracy double precision NOT NULL,
    created_at timestamp without time zone DEFAULT (clock_timestamp() AT TIME ZONE 'utc'::text) NOT NULL,
    CONSTRAINT ck_checkpoints_file_path_relative CHECK ((file_path !~~ '/%'::text)),
    CONSTRAINT ck_checkpoints_kind_known CHECK (((kind)::text = ANY ((ARRAY['best'::character varying, 'last'::character varying])::text[])))
);
CREATE TABLE public.duplicate_members (
    asset_id uuid NOT NULL,
    group_id uuid NOT NULL,
    distance integer NOT NULL
);
CREATE TABLE public.jobs (
    job_id integer NOT NULL,
    kind character varying(32) NOT NULL,
    title character varying(200) NOT NULL,
    payload jsonb NOT NULL,
    status character varying(16) NOT NULL,
    author character varying(128) NOT NULL,
    run_id integer,
    progress jsonb,
    result jsonb,
    error jsonb,
    log_path text DEFAULT ''::text NOT NULL,
    host character varying(255) DEFAULT ''::character varying NOT NULL,
    pid integer,
    pid_started character varying(32),
    cancel_requested boolean DEFAULT false NOT NULL,
    created_at timestamp without time zone DEFAULT (clock_timestamp() AT TIME ZONE 'utc'::text) NOT NULL,
    started_at timestamp without time zone,
    heartbeat_at timestamp without time zone,
    finished_at timestamp without time zone,
    CONSTRAINT ck_jobs_status_known CHECK (((status)::text = ANY ((ARRAY['queued'::character varying, 'running'::character varying, 'succeeded'::character varying, 'failed'::character varying, 'cancelled'::character varying, 'interrupted'::character varying])::text[])))
);
CREATE SEQUENCE public.jobs_job_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.jobs_job_id_seq OWNED BY public.jobs.job_id;
CREATE TABLE public.label_class_states (
    label_id integer NOT NULL,
    revision_id integer NOT NULL,
    name character varying(128) NOT NULL,
    color character varying(7) NOT NULL,
    hotkey character varying(8),
    description text DEFAULT ''::text NOT NULL,
    is_retired boolean DEFAULT false NOT NULL,
    merged_into_label_id integer
);
CREATE TABLE public.label_classes (
    label_id integer NOT NULL,
    name character varying(128) NOT NULL,
    color character varying(7) NOT NULL,
    hotkey character varying(8),
    description text DEFAULT ''::text NOT NULL,
    is_retired boolean DEFAULT false NOT NULL,
    created_at timestamp without time zone DEFAULT (clock_timestamp() AT TIME ZONE 'utc'::text) NOT NULL,
    CONSTRAINT ck_label_classes_name_not_empty CHECK ((length((name)::text) > 0))
);
CREATE SEQUENCE public.label_classes_label_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.label_classes_label_id_seq OWNED BY public.label_classes.label_id;
CREATE TABLE public.label_votes (
    asset_id uuid NOT NULL,
    author character varying(128) NOT NULL,
    label_id integer NOT NULL,
    created_at timestamp without time zone DEFAULT (clock_timestamp() AT TIME ZONE 'utc'::text) NOT NULL
);
CREATE TABLE public.predictions (
    run_id integer NOT NULL,
    asset_id uuid NOT NULL,
    label_id integer NOT NULL,
    confidence double precision NOT NULL,
    margin double precision NOT NULL,
    entropy double precision NOT NULL,
    label_quality double precision,
    given_label_id integer,
    revision_id integer DEFAULT 0 NOT NULL
);
CREATE TABLE public.revisions (
    revision_id integer NOT NULL,
    operation_id character varying(64) NOT NULL,
    kind character varying(32) NOT NULL,
    author character varying(128) NOT NULL,
    message text DEFAULT ''::text NOT NULL,
    num_changes integer DEFAULT 0 NOT NULL,
    undoes_revision_id integer,
    created_at timestamp without time zone DEFAULT (clock_timestamp() AT TIME ZONE 'utc'::text) NOT NULL
);
CREATE TABLE public.run_metrics (
    run_id integer NOT NULL,
    epoch integer NOT NULL,
    stage character varying(16) NOT NULL,
    train_loss double precision NOT NULL,
    train_accuracy double precision NOT NULL,
    val_loss double precision NOT NULL,
    val_accuracy double precision NOT NULL,
    learning_rates jsonb NOT NULL,
    duration_seconds double precision NOT NULL,
    images_per_second double precision NOT NULL,
    created_at timestamp without time zone DEFAULT (clock_timestamp() AT TIME ZONE 'utc'::text) NOT NULL
);
CREATE TABLE public.saved_views (
    view_id integer NOT NULL,
    name character varying(80) NOT NULL,
    query jsonb NOT NULL,
    author character varying(128) NOT NULL,
    created_at timestamp without time zone DEFAULT (clock_timestamp() AT TIME ZONE 'utc'::text) NOT NULL,
    CONSTRAINT ck_saved_views_name_not_empty CHECK ((length((name)::text) > 0))
);
CREATE SEQUENCE public.saved_views_view_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.saved_views_view_id_seq OWNED BY public.saved_views.view_id;
CREATE TABLE public.training_runs (
    run_id integer NOT NULL,
    name character varying(128) DEFAULT ''::character varying NOT NULL,
    status character varying(16) NOT NULL,
    author character varying(128) NOT NULL,
    config jsonb NOT NULL,
    revision_id integer NOT NULL,
    class_names jsonb NOT NULL,
    label_ids jsonb NOT NULL,
    environment jsonb,
    device character varying(128) DEFAULT ''::character varying NOT NULL,
    message text DEFAULT ''::text NOT NULL,
    best_epoch integer,
    best_val_accuracy double precision,
    report jsonb,
    created_at timestamp without time zone DEFAULT (clock_timestamp() AT TIME ZONE 'utc'::text) NOT NULL,
    started_at timestamp without time zone,
    finished_at timestamp without time zone,
    is_deleted boolean DEFAULT false NOT NULL,
    CONSTRAINT ck_training_runs_status_known CHECK (((status)::text = ANY ((ARRAY['queued'::character varying, 'running'::character varying, 'succeeded'::character varying, 'failed'::character varying, 'cancelled'::character varying, 'interrupted'::character varying])::text[])))
);
CREATE SEQUENCE public.training_runs_run_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.training_runs_run_id_seq OWNED BY public.training_runs.run_id;
CREATE TABLE public.user_preferences (
    author character varying(128) NOT NULL,
    name character varying(64) NOT NULL,
    value jsonb NOT NULL,
    updated_at timestamp without time zone DEFAULT (clock_timestamp() AT TIME ZONE 'utc'::text) NOT NULL
);
CREATE TABLE public.vision_assets (
    asset_id uuid NOT NULL,
    file_path text NOT NULL COLLATE pg_catalog."C",
    label_id integer,
    label_name character varying(128),
    split_type character varying(10),
    source_dataset character varying(64) DEFAULT ''::character varying NOT NULL COLLATE pg_catalog."C",
    is_augmented boolean DEFAULT false NOT NULL,
    last_augmented_at timestamp without time zone,
    created_at timestamp without time zone DEFAULT (clock_timestamp() AT TIME ZONE 'utc'::text) NOT NULL,
    content_hash character varying(64) NOT NULL,
    width integer NOT NULL,
    height integer NOT NULL,
    size_bytes integer NOT NULL,
    mime character varying(64) NOT NULL,
    perceptual_hash character varying(16),
    parent_asset_id uuid,
    review_state character varying(16),
    review_note text DEFAULT ''::text NOT NULL,
    row_version integer DEFAULT 1 NOT NULL,
    is_deleted boolean DEFAULT false NOT NULL,
    group_key character varying(128) COLLATE pg_catalog."C",
    CONSTRAINT ck_vision_assets_dimensions_positive CHECK (((width > 0) AND (height > 0))),
    CONSTRAINT ck_vision_assets_file_path_relative CHECK (((length(file_path) > 0) AND (file_path !~~ '/%'::text) AND (file_path !~~ like_escape('%\%'::text, '|'::text)) AND (file_path !~~ '_:%'::text) AND (file_path !~~ '%://%'::text) AND ((('/'::text || file_path) || '/'::text) !~~ '%/../%'::text))),
    CONSTRAINT ck_vision_assets_label_name_beside_label_id CHECK (((label_id IS NULL) = (label_name IS NULL))),
    CONSTRAINT ck_vision_assets_split_type_known CHECK (((split_type)::text = ANY ((ARRAY['train'::character varying, 'val'::character varying, 'test'::character varying, 'held_out'::character varying])::text[])))
);
ALTER TABLE ONLY public.augmentation_presets ALTER COLUMN preset_id SET DEFAULT nextval('public.augmentation_presets_preset_id_seq'::regclass);
ALTER TABLE ONLY public.jobs ALTER COLUMN job_id SET DEFAULT nextval('public.jobs_job_id_seq'::regclass);
ALTER TABLE ONLY public.label_classes ALTER COLUMN label_id SET DEFAULT nextval('public.label_classes_label_id_seq'::regclass);
ALTER TABLE ONLY public.saved_views ALTER COLUMN view_id SET DEFAULT nextval('public.saved_views_view_id_seq'::regclass);
ALTER TABLE ONLY public.training_runs ALTER COLUMN run_id SET DEFAULT nextval('public.training_runs_run_id_seq'::regclass);
INSERT INTO public.alembic_version VALUES ('0004');
INSERT INTO public.asset_changes VALUES (1, '01a228fc-6e02-7452-b93f-e4ca48538698', false, NULL, NULL, NULL, NULL, NULL, NULL, true, 'drawn/test/circle/circle_0028.png', '4c39bec572e3e2541fa103c388148430e176d0a6be95a1d0e3eed7540450d877', 1, 'test', NULL, NULL);
INSERT INTO public.asset_changes VALUES (1, '01a228fc-6e02-7452-b93f-e4cbd6e4721b', false, NULL, NULL, NULL, NULL, NULL, NULL, true, 'drawn/test/circle/circle_0029.png', 'bcea73cc66721bf86ddb882d9b78d2a7178d9ab09d25a66976ec89bed3905799', 1, 'test', NULL, NULL);
INSERT INTO public.asset_changes VALUES (1, '01a228fc-6e02-7452-b93f-e4cc81e8f61d', false, NULL, NULL, NULL, NULL, NULL, NULL, true, 'drawn/test/circle/circle_0030.png', '12cc3ecc7ce1ba7a5bc3f1b9a64aa89c6ad71df6bbf9dd6fb290cffb66e715b3', 1, 'test', NULL, NULL);
INSERT INTO public.asset_changes VALUES (1, '01a228fc-6e02-7452-b93f-e4cd5967a419', false, NULL, NULL, NULL, NULL, NULL, NULL, true, 'drawn/test/square/square_0031.png', 'c3a6c10bd970f69a73d1d2ba523ee01fbdaf1598431eaed80b20d2d11e44a116', 2, 'test', NULL, NULL);
INSERT INTO public.asset_changes VALUES (1, '01a228fc-6e02-7452-b93f-e4ce41551d6a', false, NULL, NULL, NULL, NULL, NULL, NULL, true, 'drawn/test/square/square_0032.png', '25181815f979d1eab16f3b24c8266b1baebe323e29e65cfe7047e171d32bc880', 2, 'test', NULL, NULL);
INSERT INTO public.asset_changes VALUES (1, '01a228fc-6e02-7452-b93f-e4cfd332bf5d', false, NULL, NULL, NULL, NULL, NULL, NULL, true, 'drawn/test/square/square_0033.png', '57a62ac0f2843ffd49ce0791e88fa5b8753b9c225d34411dcb63c203f72e0193', 2, 'test', NULL, NULL);
INSERT INTO public.asset_changes VALUES (1, '01a228fc-6e02-7452-b93f-e4d04aee022b', false, NULL, NULL, NULL, NULL, NULL, NULL, true, 'drawn/test/stripe/stripe_0034.png', '70f82173d5289c86eb51f8809b34930c83258d225bd11462873b20c4cbc7d69f', 3, 'test', NULL, NULL);
INSERT INTO public.asset_changes VALUES (1, '01a228fc-6e02-7452-b93f-e4d106e47b0c', false, NULL, NULL, NULL, NULL, NULL, NULL, true, 'drawn/test/stripe/stripe_0035.png', 'c4845690d7b4ccbe7dbde96ff99c5582e32c829c5f5db502ba18c4ee1c358d25', 3, 'test', NULL, NULL);
INSERT INTO public.asset_changes VALUES (1, '01a228fc-6e02-7452-b93f-e4d2d99eeea6', false, NULL, NULL, NULL, NULL, NULL, NULL, true, 'drawn/test/stripe/stripe_0036.png', '4db86451655b04a23223f20dde687642e63bd8b1c8239741cdb3cc232b683868', 3, 'test', NULL, NULL);
INSERT INTO public.asset_changes VALUES (1, '01a228fc-6e02-7452-b93f-e4d34ebdedf6', false, NULL, NULL, NULL, NULL, NULL, NULL, true, 'drawn/train/circle/circle_0001.png', 'dab96f7051c82b8cd042406b8b700207aedba6e1f74094aa09c75a188564056a', 1, 'train', NULL, NULL);
INSERT INTO public.asset_changes VALUES (1, '01a228fc-6e02-7452-b93f-e4d46bee1719', false, NULL, NULL, NULL, NULL, NULL, NULL, true, 'drawn/train/circle/circle_0002.png', 'f85c00cebc77ef5621218c691fed3c1f9c49eba22abf6cbb005fc6e7694405d1', 1, 'train', NULL, NULL);
INSERT INTO public.asset_changes VALUES (1, '01a228fc-6e02-7452-b93f-e4d56cfc12bc', false, NULL, NULL, NULL, NULL, NULL, NULL, true, 'drawn/train/circle/circle_0003.png', '353c555117f0fbb970d3f2194af5f75333cefdda6c0673403c3a67a4a2e6fd67', 1, 'train', NULL, NULL);
INSERT INTO public.asset_changes VALUES (1, '01a228fc-6e02-7452-b93f-e4d67ce9e5d2', false, NULL, NULL, NULL, NULL, NULL, NULL, true, 'drawn/train/circle/circle_0004.png', 'f4b6f4bebdee5109a3a702b97e29ed1a6e75bd710a624511b7f2127bf5c0fb76', 1, 'train', NULL, NULL);
INSERT INTO public.asset_changes VALUES (1, '01a228fc-6e02-7452-b93f-e4d78209efa4', false, NULL, NULL, NULL, NULL, NULL, NULL, true, 'drawn/train/circle/circle_0005.png', '133b5938a35a0077f2504c920f291770d0a7a47141d3ca6dc094d0229a4eff2a', 1, 'train', NULL, NULL);
INSERT INTO public.asset_changes VALUES (1, '01a228fc-6e02-7452-b93f-e4d8f71d6b52', false, NULL, NULL, NULL, NULL, NULL, NULL, true, 'drawn/train/circle/circle_0006.png', '3767b82d5449c60f435a0ef84926852388fb595fbe2f585b665be2b6ec476373', 1, 'train', NULL, NULL);
INSERT INTO public.asset_changes VALUES (1, '01a228fc-6e02-7452-b93f-e4d9ee31cd3a', false, NULL, NULL, NULL, NULL, NULL, NULL, true, 'drawn/train/square/square_0007.png', '8b35e7b12812c9b8979ea8157e6646caa56113b0ef23844d8625d240ba734af5', 2, 'train', NULL, NULL);
INSERT INTO public.asset_changes VALUES (1, '01a228fc-6e02-7452-b93f-e4dad68ff3bd', false, NULL, NULL, NULL, NULL, NULL, NULL, true, 'drawn/train/square/square_0008.png', 'bcc66d78a6c04222408c4a2e365ebba1936ebffc2e032d5ce5a518d0d1346cf1', 2, 'train', NULL, NULL);
INSERT INTO public.asset_changes VALUES (1, '01a228fc-6e02-7452-b93f-e4db80c6c4da', false, NULL, NULL, NULL, NULL, NULL, NULL, true, 'drawn/train/square/square_0009.png', '3de2028f5d160b33671cc5370f5b6f31be2f3806245e45d5f8309ae9a30b4df5', 2, 'train', NULL, NULL);
INSERT INTO public.asset_changes VALUES (1, '01a228fc-6e02-7452-b93f-e4dce4a59186', false, NULL, NULL, NULL, NULL, NULL, NULL, true, 'drawn/train/square/square_0010.png', 'f61ff153d3aa5051d34be3e52e44b826c6e771c2ebfbe165c5b8989997eb0ca2', 2, 'train', NULL, NULL);
INSERT INTO public.asset_changes VALUES (1, '01a228fc-6e02-7452-b93f-e4dd7897b143', false, NULL, NULL, NULL, NULL, NULL, NULL, true, 'drawn/train/square/square_0011.png', '4dd7041fa99d8ad58c10f368bd404722de1ff6e8edecb79bd3260652c26dc077', 2, 'train', NULL, NULL);
INSERT INTO public.asset_changes VALUES (1, '01a228fc-6e02-7452-b93f-e4dedddf7141', false, NULL, NULL, NULL, NULL, NULL, NULL, true, 'drawn/train/square/square_0012.png', '65cc738d670fd17d4e8ecfe1f6fd9e645857cca0b2c63e69524f0737e942505e', 2, 'train', NULL, NULL);
INSERT INTO public.asset_changes VALUES (1, '01a228fc-6e02-7452-b93f-e4dfc1de80aa', false, NULL, NULL, NULL, NULL, NULL, NULL, true, 'drawn/train/stripe/stripe_0013.png', 'bce1e97b8c424b3b6e12d93482857bea4fb26d90a6e33c0183c4aa2cc3e38ca2', 3, 'train', NULL, NULL);
INSERT INTO public.asset_changes VALUES (1, '01a228fc-6e02-7452-b93f-e4e0f1360f34', false, NULL, NULL, NULL, NULL, NULL, NULL, true, 'drawn/train/stripe/stripe_0014.png', 'da91bcb37f23446bace9dcc2d1909abefdcff91660394d0c3849c88c32c4db21', 3, 'train', NULL, NULL);
INSERT INTO public.asset_changes VALUES (1, '01a228fc-6e02-7452-b93f-e4e1186f669e', false, NULL, NULL, NULL, NULL, NULL, NULL, true, 'drawn/train/stripe/stripe_0015.png', 'faae214cf76e3584a24edc5a08e92a73a0c70a3a54031dcce6faf5c93797d159', 3, 'train', NULL, NULL);
INSERT INTO public.asset_changes VALUES (1, '01a228fc-6e02-7452-b93f-e4e20a9d8387', false, NULL, NULL, NULL, NULL, NULL, NULL, true, 'drawn/train/stripe/stripe_0016.png', 'e7cbc87feeacac63712089761d372b9154eb64c36e7dfc4beb33baf86d7efe71', 3, 'train', NULL, NULL);
INSERT INTO public.asset_changes VALUES (1, '01a228fc-6e02-7452-b93f-e4e319e1f072', false, NULL, NULL, NULL, NULL, NULL, NULL, true, 'drawn/train/stripe/stripe_0017.png', 'e41cd4543660c1cd77b061ee2d7af9a383253f56549cf9e0723fdb8d5d16aaa3', 3, 'train', NULL, NULL);
INSERT INTO public.asset_changes VALUES (1, '01a228fc-6e02-7452-b93f-e4e4d7bf1c72', false, NULL, NULL, NULL, NULL, NULL, NULL, true, 'drawn/train/stripe/stripe_0018.png', 'a58cf1f527fb911bf312231b8ac753391662d2dadf3f243ecfe797a73606c6c3', 3, 'train', NULL, NULL);
INSERT INTO public.asset_changes VALUES (1, '01a228fc-6e02-7452-b93f-e4e5dc7d3e74', false, NULL, NULL, NULL, NULL, NULL, NULL, true, 'drawn/val/circle/circle_0019.png', '5dac95c0a27edfb0aa7f28d9058e17d762371e8fcd7e7337a901f181976b73ed', 1, 'val', NULL, NULL);
INSERT INTO public.asset_changes VALUES (1, '01a228fc-6e02-7452-b93f-e4e610667a5c', false, NULL, NULL, NULL, NULL, NULL, NULL, true, 'drawn/val/circle/circle_0020.png', '3994b37a34d77e49f2f1f4a5953df0cb413b86c7260bc613e64a3f5f07ff7c4d', 1, 'val', NULL, NULL);
INSERT INTO public.asset_changes VALUES (1, '01a228fc-6e02-7452-b93f-e4e77a88c950', false, NULL, NULL, NULL, NULL, NULL, NULL, true, 'drawn/val/circle/circle_0021.png', 'fb4312ff074233cb5830fbfe59098a7af382b1b8ba69a800ee09818378b1590c', 1, 'val', NULL, NULL);
INSERT INTO public.asset_changes VALUES (1, '01a228fc-6e02-7452-b93f-e4e86fdf72ba', false, NULL, NULL, NULL, NULL, NULL, NULL, true, 'drawn/val/square/square_0022.png', '753fcc8c299d772c4ea08917f062442cb396bf02fba8a237458be28efd2a0d0b', 2, 'val', NULL, NULL);
INSERT INTO public.asset_changes VALUES (1, '01a228fc-6e02-7452-b93f-e4e940b5bf15', false, NULL, NULL, NULL, NULL, NULL, NULL, true, 'drawn/val/square/square_0023.png', '3939817ab56b064ee4603345971aa8455eec7f398c36bf19807b95d9bf674e9e', 2, 'val', NULL, NULL);
INSERT INTO public.asset_changes VALUES (1, '01a228fc-6e02-7452-b93f-e4ea111e5664', false, NULL, NULL, NULL, NULL, NULL, NULL, true, 'drawn/val/square/square_0024.png', 'a013d7363fae597b07ed041e7f17fb8e75617c30cb1d3239becb44d89725072d', 2, 'val', NULL, NULL);
INSERT INTO public.asset_changes VALUES (1, '01a228fc-6e02-7452-b93f-e4eb4a80ce2a', false, NULL, NULL, NULL, NULL, NULL, NULL, true, 'drawn/val/stripe/stripe_0025.png', 'fd29abaa445cac715bd3bad9c5b23d141649c23e7d5ab4adc2861f8c3070211d', 3, 'val', NULL, NULL);
INSERT INTO public.asset_changes VALUES (1, '01a228fc-6e02-7452-b93f-e4ecfb5a9c37', false, NULL, NULL, NULL, NULL, NULL, NULL, true, 'drawn/val/stripe/stripe_0026.png', '71b8cfea6df9469ac305f554ff484e7b01c311e6acbeb77d5963395b5b0d8013', 3, 'val', NULL, NULL);
INSERT INTO public.asset_changes VALUES (1, '01a228fc-6e02-7452-b93f-e4edb35bd1ce', false, NULL, NULL, NULL, NULL, NULL, NULL, true, 'drawn/val/stripe/stripe_0027.png', 'bb275f01d2f4cc87bd12bcd3c4a2768cec57937192343cc432dc57a0752b917e', 3, 'val', NULL, NULL);
INSERT INTO public.asset_changes VALUES (2, '01a228fc-6e02-7452-b93f-e4ca48538698', true, 'drawn/test/circle/circle_0028.png', '4c39bec572e3e2541fa103c388148430e176d0a6be95a1d0e3eed7540450d877', 1, 'test', NULL, NULL, true, 'drawn/test/circle/circle_0028.png', '4c39bec572e3e2541fa103c388148430e176d0a6be95a1d0e3eed7540450d877', 2, 'test', NULL, NULL);
INSERT INTO public.asset_changes VALUES (3, '01a228fc-6e02-7452-b93f-e4cbd6e4721b', true, 'drawn/test/circle/circle_0029.png', 'bcea73cc66721bf86ddb882d9b78d2a7178d9ab09d25a66976ec89bed3905799', 1, 'test', NULL, NULL, true, 'drawn/test/circle/circle_0029.png', 'bcea73cc66721bf86ddb882d9b78d2a7178d9ab09d25a66976ec89bed3905799', 3, 'test', NULL, NULL);
INSERT INTO public.asset_changes VALUES (4, '01a228fc-6e02-7452-b93f-e4ca48538698', true, 'drawn/test/circle/circle_0028.png', '4c39bec572e3e2541fa103c388148430e176d0a6be95a1d0e3eed7540450d877', 2, 'test', NULL, NULL, true, 'drawn/test/circle/circle_0028.png', '4c39bec572e3e2541fa103c388148430e176d0a6be95a1d0e3eed7540450d877', 1, 'test', NULL, NULL);
INSERT INTO public.asset_changes VALUES (5, '01a228fc-6e02-7452-b93f-e4cc81e8f61d', true, 'drawn/test/circle/circle_0030.png', '12cc3ecc7ce1ba7a5bc3f1b9a64aa89c6ad71df6bbf9dd6fb290cffb66e715b3', 1, 'test', NULL, NULL, true, 'drawn/test/circle/circle_0030.png', '12cc3ecc7ce1ba7a5bc3f1b9a64aa89c6ad71df6bbf9dd6fb290cffb66e715b3', 1, 'held_out', NULL, NULL);
INSERT INTO public.asset_changes VALUES (6, '01a228fc-6e02-7452-b93f-e4cd5967a419', true, 'drawn/test/square/square_0031.png', 'c3a6c10bd970f69a73d1d2ba523ee01fbdaf1598431eaed80b20d2d11e44a116', 2, 'test', NULL, NULL, false, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.asset_changes VALUES (6, '01a228fc-6e02-7452-b93f-e4ce41551d6a', true, 'drawn/test/square/square_0032.png', '25181815f979d1eab16f3b24c8266b1baebe323e29e65cfe7047e171d32bc880', 2, 'test', NULL, NULL, false, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.asset_changes VALUES (6, '01a228fc-6e02-7452-b93f-e4cfd332bf5d', true, 'drawn/test/square/square_0033.png', '57a62ac0f2843ffd49ce0791e88fa5b8753b9c225d34411dcb63c203f72e0193', 2, 'test', NULL, NULL, false, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.asset_changes VALUES (7, '01a228fc-6e02-7452-b93f-e4ce41551d6a', false, NULL, NULL, NULL, NULL, NULL, NULL, true, 'drawn/test/square/square_0032.png', '25181815f979d1eab16f3b24c8266b1baebe323e29e65cfe7047e171d32bc880', 2, 'test', NULL, NULL);
INSERT INTO public.asset_changes VALUES (8, '01a228fc-6e02-7452-b93f-e4d106e47b0c', true, 'drawn/test/stripe/stripe_0035.png', 'c4845690d7b4ccbe7dbde96ff99c5582e32c829c5f5db502ba18c4ee1c358d25', 3, 'test', NULL, NULL, true, 'drawn/test/stripe/stripe_0035.png', 'c4845690d7b4ccbe7dbde96ff99c5582e32c829c5f5db502ba18c4ee1c358d25', 3, 'test', 'flagged', NULL);
INSERT INTO public.asset_changes VALUES (9, '01a228fc-6e02-7452-b93f-e4d2d99eeea6', true, 'drawn/test/stripe/stripe_0036.png', '4db86451655b04a23223f20dde687642e63bd8b1c8239741cdb3cc232b683868', 3, 'test', NULL, NULL, true, 'drawn/test/stripe/stripe_0036.png', '4db86451655b04a23223f20dde687642e63bd8b1c8239741cdb3cc232b683868', 3, 'test', 'flagged', NULL);
INSERT INTO public.asset_changes VALUES (10, '01a228fc-6e02-7452-b93f-e4d2d99eeea6', true, 'drawn/test/stripe/stripe_0036.png', '4db86451655b04a23223f20dde687642e63bd8b1c8239741cdb3cc232b683868', 3, 'test', 'flagged', NULL, true, 'drawn/test/stripe/stripe_0036.png', '4db86451655b04a23223f20dde687642e63bd8b1c8239741cdb3cc232b683868', 3, 'test', NULL, NULL);
INSERT INTO public.asset_changes VALUES (14, '01a228fc-6e02-7452-b93f-e4d34ebdedf6', true, 'drawn/train/circle/circle_0001.png', 'dab96f7051c82b8cd042406b8b700207aedba6e1f74094aa09c75a188564056a', 1, 'train', NULL, NULL, true, 'drawn/train/circle/circle_0001.png', 'dab96f7051c82b8cd042406b8b700207aedba6e1f74094aa09c75a188564056a', 4, 'train', NULL, NULL);
INSERT INTO public.asset_changes VALUES (15, '01a228fc-6e02-7452-b93f-e4d34ebdedf6', true, 'drawn/train/circle/circle_0001.png', 'dab96f7051c82b8cd042406b8b700207aedba6e1f74094aa09c75a188564056a', 4, 'train', NULL, NULL, true, 'drawn/train/circle/circle_0001.png', 'dab96f7051c82b8cd042406b8b700207aedba6e1f74094aa09c75a188564056a', 1, 'train', NULL, NULL);
INSERT INTO public.asset_changes VALUES (18, '01a228fc-6e02-7452-b93f-e4d46bee1719', true, 'drawn/train/circle/circle_0002.png', 'f85c00cebc77ef5621218c691fed3c1f9c49eba22abf6cbb005fc6e7694405d1', 1, 'train', NULL, NULL, true, 'drawn/train/circle/circle_0002.png', 'f85c00cebc77ef5621218c691fed3c1f9c49eba22abf6cbb005fc6e7694405d1', NULL, 'train', NULL, NULL);
INSERT INTO public.asset_changes VALUES (19, '01a228fc-7090-71af-8530-2abeff6afdc9', false, NULL, NULL, NULL, NULL, NULL, NULL, true, 'more/disc_0001.png', 'aa9c9a63553add1eaf231ee45d520883849471282e0a5bf4fd83bc8135568fcf', NULL, NULL, NULL, NULL);
INSERT INTO public.asset_changes VALUES (19, '01a228fc-7090-71af-8530-2abf9cc86683', false, NULL, NULL, NULL, NULL, NULL, NULL, true, 'more/disc_0002.png', '4732b372e17e73f805b5bfc1297fa04d77f1c8aa88ad3e48aace30c9d2faff21', NULL, NULL, NULL, NULL);
INSERT INTO public.asset_changes VALUES (20, '01a228fc-6e02-7452-b93f-e4ca48538698', true, 'drawn/test/circle/circle_0028.png', '4c39bec572e3e2541fa103c388148430e176d0a6be95a1d0e3eed7540450d877', 1, 'test', NULL, NULL, true, 'drawn/test/circle/circle_0028.png', '4c39bec572e3e2541fa103c388148430e176d0a6be95a1d0e3eed7540450d877', 1, 'train', NULL, NULL);
INSERT INTO public.asset_changes VALUES (20, '01a228fc-6e02-7452-b93f-e4cbd6e4721b', true, 'drawn/test/circle/circle_0029.png', 'bcea73cc66721bf86ddb882d9b78d2a7178d9ab09d25a66976ec89bed3905799', 3, 'test', NULL, NULL, true, 'drawn/test/circle/circle_0029.png', 'bcea73cc66721bf86ddb882d9b78d2a7178d9ab09d25a66976ec89bed3905799', 3, 'train', NULL, NULL);
INSERT INTO public.asset_changes VALUES (20, '01a228fc-6e02-7452-b93f-e4ce41551d6a', true, 'drawn/test/square/square_0032.png', '25181815f979d1eab16f3b24c8266b1baebe323e29e65cfe7047e171d32bc880', 2, 'test', NULL, NULL, true, 'drawn/test/square/square_0032.png', '25181815f979d1eab16f3b24c8266b1baebe323e29e65cfe7047e171d32bc880', 2, 'train', NULL, NULL);
INSERT INTO public.asset_changes VALUES (20, '01a228fc-6e02-7452-b93f-e4d106e47b0c', true, 'drawn/test/stripe/stripe_0035.png', 'c4845690d7b4ccbe7dbde96ff99c5582e32c829c5f5db502ba18c4ee1c358d25', 3, 'test', 'flagged', NULL, true, 'drawn/test/stripe/stripe_0035.png', 'c4845690d7b4ccbe7dbde96ff99c5582e32c829c5f5db502ba18c4ee1c358d25', 3, 'train', 'flagged', NULL);
INSERT INTO public.asset_changes VALUES (20, '01a228fc-6e02-7452-b93f-e4d2d99eeea6', true, 'drawn/test/stripe/stripe_0036.png', '4db86451655b04a23223f20dde687642e63bd8b1c8239741cdb3cc232b683868', 3, 'test', NULL, NULL, true, 'drawn/test/stripe/stripe_0036.png', '4db86451655b04a23223f20dde687642e63bd8b1c8239741cdb3cc232b683868', 3, 'train', NULL, NULL);
INSERT INTO public.asset_changes VALUES (20, '01a228fc-6e02-7452-b93f-e4d8f71d6b52', true, 'drawn/train/circle/circle_0006.png', '3767b82d5449c60f435a0ef84926852388fb595fbe2f585b665be2b6ec476373', 1, 'train', NULL, NULL, true, 'drawn/train/circle/circle_0006.png', '3767b82d5449c60f435a0ef84926852388fb595fbe2f585b665be2b6ec476373', 1, 'test', NULL, NULL);
INSERT INTO public.asset_changes VALUES (20, '01a228fc-6e02-7452-b93f-e4db80c6c4da', true, 'drawn/train/square/square_0009.png', '3de2028f5d160b33671cc5370f5b6f31be2f3806245e45d5f8309ae9a30b4df5', 2, 'train', NULL, NULL, true, 'drawn/train/square/square_0009.png', '3de2028f5d160b33671cc5370f5b6f31be2f3806245e45d5f8309ae9a30b4df5', 2, 'val', NULL, NULL);
INSERT INTO public.asset_changes VALUES (20, '01a228fc-6e02-7452-b93f-e4dedddf7141', true, 'drawn/train/square/square_0012.png', '65cc738d670fd17d4e8ecfe1f6fd9e645857cca0b2c63e69524f0737e942505e', 2, 'train', NULL, NULL, true, 'drawn/train/square/square_0012.png', '65cc738d670fd17d4e8ecfe1f6fd9e645857cca0b2c63e69524f0737e942505e', 2, 'test', NULL, NULL);
INSERT INTO public.asset_changes VALUES (20, '01a228fc-6e02-7452-b93f-e4e20a9d8387', true, 'drawn/train/stripe/stripe_0016.png', 'e7cbc87feeacac63712089761d372b9154eb64c36e7dfc4beb33baf86d7efe71', 3, 'train', NULL, NULL, true, 'drawn/train/stripe/stripe_0016.png', 'e7cbc87feeacac63712089761d372b9154eb64c36e7dfc4beb33baf86d7efe71', 3, 'val', NULL, NULL);
INSERT INTO public.asset_changes VALUES (20, '01a228fc-6e02-7452-b93f-e4e5dc7d3e74', true, 'drawn/val/circle/circle_0019.png', '5dac95c0a27edfb0aa7f28d9058e17d762371e8fcd7e7337a901f181976b73ed', 1, 'val', NULL, NULL, true, 'drawn/val/circle/circle_0019.png', '5dac95c0a27edfb0aa7f28d9058e17d762371e8fcd7e7337a901f181976b73ed', 1, 'train', NULL, NULL);
INSERT INTO public.asset_changes VALUES (20, '01a228fc-6e02-7452-b93f-e4e610667a5c', true, 'drawn/val/circle/circle_0020.png', '3994b37a34d77e49f2f1f4a5953df0cb413b86c7260bc613e64a3f5f07ff7c4d', 1, 'val', NULL, NULL, true, 'drawn/val/circle/circle_0020.png', '3994b37a34d77e49f2f1f4a5953df0cb413b86c7260bc613e64a3f5f07ff7c4d', 1, 'train', NULL, NULL);
INSERT INTO public.asset_changes VALUES (20, '01a228fc-6e02-7452-b93f-e4e86fdf72ba', true, 'drawn/val/square/square_0022.png', '753fcc8c299d772c4ea08917f062442cb396bf02fba8a237458be28efd2a0d0b', 2, 'val', NULL, NULL, true, 'drawn/val/square/square_0022.png', '753fcc8c299d772c4ea08917f062442cb396bf02fba8a237458be28efd2a0d0b', 2, 'train', NULL, NULL);
INSERT INTO public.asset_changes VALUES (20, '01a228fc-6e02-7452-b93f-e4e940b5bf15', true, 'drawn/val/square/square_0023.png', '3939817ab56b064ee4603345971aa8455eec7f398c36bf19807b95d9bf674e9e', 2, 'val', NULL, NULL, true, 'drawn/val/square/square_0023.png', '3939817ab56b064ee4603345971aa8455eec7f398c36bf19807b95d9bf674e9e', 2, 'train', NULL, NULL);
INSERT INTO public.asset_changes VALUES (20, '01a228fc-6e02-7452-b93f-e4ea111e5664', true, 'drawn/val/square/square_0024.png', 'a013d7363fae597b07ed041e7f17fb8e75617c30cb1d3239becb44d89725072d', 2, 'val', NULL, NULL, true, 'drawn/val/square/square_0024.png', 'a013d7363fae597b07ed041e7f17fb8e75617c30cb1d3239becb44d89725072d', 2, 'train', NULL, NULL);
INSERT INTO public.asset_changes VALUES (20, '01a228fc-6e02-7452-b93f-e4eb4a80ce2a', true, 'drawn/val/stripe/stripe_0025.png', 'fd29abaa445cac715bd3bad9c5b23d141649c23e7d5ab4adc2861f8c3070211d', 3, 'val', NULL, NULL, true, 'drawn/val/stripe/stripe_0025.png', 'fd29abaa445cac715bd3bad9c5b23d141649c23e7d5ab4adc2861f8c3070211d', 3, 'train', NULL, NULL);
INSERT INTO public.asset_changes VALUES (20, '01a228fc-6e02-7452-b93f-e4ecfb5a9c37', true, 'drawn/val/stripe/stripe_0026.png', '71b8cfea6df9469ac305f554ff484e7b01c311e6acbeb77d5963395b5b0d8013', 3, 'val', NULL, NULL, true, 'drawn/val/stripe/stripe_0026.png', '71b8cfea6df9469ac305f554ff484e7b01c311e6acbeb77d5963395b5b0d8013', 3, 'train', NULL, NULL);
INSERT INTO public.asset_changes VALUES (20, '01a228fc-6e02-7452-b93f-e4edb35bd1ce', true, 'drawn/val/stripe/stripe_0027.png', 'bb275f01d2f4cc87bd12bcd3c4a2768cec57937192343cc432dc57a0752b917e', 3, 'val', NULL, NULL, true, 'drawn/val/stripe/stripe_0027.png', 'bb275f01d2f4cc87bd12bcd3c4a2768cec57937192343cc432dc57a0752b917e', 3, 'train', NULL, NULL);
INSERT INTO public.asset_changes VALUES (21, '01a228fc-6e02-7452-b93f-e4ca48538698', true, 'drawn/test/circle/circle_0028.png', '4c39bec572e3e2541fa103c388148430e176d0a6be95a1d0e3eed7540450d877', 1, 'train', NULL, NULL, true, 'drawn/test/circle/circle_0028.png', '4c39bec572e3e2541fa103c388148430e176d0a6be95a1d0e3eed7540450d877', 1, 'test', NULL, NULL);
INSERT INTO public.asset_changes VALUES (21, '01a228fc-6e02-7452-b93f-e4cbd6e4721b', true, 'drawn/test/circle/circle_0029.png', 'bcea73cc66721bf86ddb882d9b78d2a7178d9ab09d25a66976ec89bed3905799', 3, 'train', NULL, NULL, true, 'drawn/test/circle/circle_0029.png', 'bcea73cc66721bf86ddb882d9b78d2a7178d9ab09d25a66976ec89bed3905799', 3, 'test', NULL, NULL);
INSERT INTO public.asset_changes VALUES (21, '01a228fc-6e02-7452-b93f-e4ce41551d6a', true, 'drawn/test/square/square_0032.png', '25181815f979d1eab16f3b24c8266b1baebe323e29e65cfe7047e171d32bc880', 2, 'train', NULL, NULL, true, 'drawn/test/square/square_0032.png', '25181815f979d1eab16f3b24c8266b1baebe323e29e65cfe7047e171d32bc880', 2, 'test', NULL, NULL);
INSERT INTO public.asset_changes VALUES (21, '01a228fc-6e02-7452-b93f-e4d106e47b0c', true, 'drawn/test/stripe/stripe_0035.png', 'c4845690d7b4ccbe7dbde96ff99c5582e32c829c5f5db502ba18c4ee1c358d25', 3, 'train', 'flagged', NULL, true, 'drawn/test/stripe/stripe_0035.png', 'c4845690d7b4ccbe7dbde96ff99c5582e32c829c5f5db502ba18c4ee1c358d25', 3, 'test', 'flagged', NULL);
INSERT INTO public.asset_changes VALUES (21, '01a228fc-6e02-7452-b93f-e4d2d99eeea6', true, 'drawn/test/stripe/stripe_0036.png', '4db86451655b04a23223f20dde687642e63bd8b1c8239741cdb3cc232b683868', 3, 'train', NULL, NULL, true, 'drawn/test/stripe/stripe_0036.png', '4db86451655b04a23223f20dde687642e63bd8b1c8239741cdb3cc232b683868', 3, 'test', NULL, NULL);
INSERT INTO public.asset_changes VALUES (21, '01a228fc-6e02-7452-b93f-e4d8f71d6b52', true, 'drawn/train/circle/circle_0006.png', '3767b82d5449c60f435a0ef84926852388fb595fbe2f585b665be2b6ec476373', 1, 'test', NULL, NULL, true, 'drawn/train/circle/circle_0006.png', '3767b82d5449c60f435a0ef84926852388fb595fbe2f585b665be2b6ec476373', 1, 'train', NULL, NULL);
INSERT INTO public.asset_changes VALUES (21, '01a228fc-6e02-7452-b93f-e4db80c6c4da', true, 'drawn/train/square/square_0009.png', '3de2028f5d160b33671cc5370f5b6f31be2f3806245e45d5f8309ae9a30b4df5', 2, 'val', NULL, NULL, true, 'drawn/train/square/square_0009.png', '3de2028f5d160b33671cc5370f5b6f31be2f3806245e45d5f8309ae9a30b4df5', 2, 'train', NULL, NULL);
INSERT INTO public.asset_changes VALUES (21, '01a228fc-6e02-7452-b93f-e4dedddf7141', true, 'drawn/train/square/square_0012.png', '65cc738d670fd17d4e8ecfe1f6fd9e645857cca0b2c63e69524f0737e942505e', 2, 'test', NULL, NULL, true, 'drawn/train/square/square_0012.png', '65cc738d670fd17d4e8ecfe1f6fd9e645857cca0b2c63e69524f0737e942505e', 2, 'train', NULL, NULL);
INSERT INTO public.asset_changes VALUES (21, '01a228fc-6e02-7452-b93f-e4e20a9d8387', true, 'drawn/train/stripe/stripe_0016.png', 'e7cbc87feeacac63712089761d372b9154eb64c36e7dfc4beb33baf86d7efe71', 3, 'val', NULL, NULL, true, 'drawn/train/stripe/stripe_0016.png', 'e7cbc87feeacac63712089761d372b9154eb64c36e7dfc4beb33baf86d7efe71', 3, 'train', NULL, NULL);
INSERT INTO public.asset_changes VALUES (21, '01a228fc-6e02-7452-b93f-e4e5dc7d3e74', true, 'drawn/val/circle/circle_0019.png', '5dac95c0a27edfb0aa7f28d9058e17d762371e8fcd7e7337a901f181976b73ed', 1, 'train', NULL, NULL, true, 'drawn/val/circle/circle_0019.png', '5dac95c0a27edfb0aa7f28d9058e17d762371e8fcd7e7337a901f181976b73ed', 1, 'val', NULL, NULL);
INSERT INTO public.asset_changes VALUES (21, '01a228fc-6e02-7452-b93f-e4e610667a5c', true, 'drawn/val/circle/circle_0020.png', '3994b37a34d77e49f2f1f4a5953df0cb413b86c7260bc613e64a3f5f07ff7c4d', 1, 'train', NULL, NULL, true, 'drawn/val/circle/circle_0020.png', '3994b37a34d77e49f2f1f4a5953df0cb413b86c7260bc613e64a3f5f07ff7c4d', 1, 'val', NULL, NULL);
INSERT INTO public.asset_changes VALUES (21, '01a228fc-6e02-7452-b93f-e4e86fdf72ba', true, 'drawn/val/square/square_0022.png', '753fcc8c299d772c4ea08917f062442cb396bf02fba8a237458be28efd2a0d0b', 2, 'train', NULL, NULL, true, 'drawn/val/square/square_0022.png', '753fcc8c299d772c4ea08917f062442cb396bf02fba8a237458be28efd2a0d0b', 2, 'val', NULL, NULL);
INSERT INTO public.asset_changes VALUES (21, '01a228fc-6e02-7452-b93f-e4e940b5bf15', true, 'drawn/val/square/square_0023.png', '3939817ab56b064ee4603345971aa8455eec7f398c36bf19807b95d9bf674e9e', 2, 'train', NULL, NULL, true, 'drawn/val/square/square_0023.png', '3939817ab56b064ee4603345971aa8455eec7f398c36bf19807b95d9bf674e9e', 2, 'val', NULL, NULL);
INSERT INTO public.asset_changes VALUES (21, '01a228fc-6e02-7452-b93f-e4ea111e5664', true, 'drawn/val/square/square_0024.png', 'a013d7363fae597b07ed041e7f17fb8e75617c30cb1d3239becb44d89725072d', 2, 'train', NULL, NULL, true, 'drawn/val/square/square_0024.png', 'a013d7363fae597b07ed041e7f17fb8e75617c30cb1d3239becb44d89725072d', 2, 'val', NULL, NULL);
INSERT INTO public.asset_changes VALUES (21, '01a228fc-6e02-7452-b93f-e4eb4a80ce2a', true, 'drawn/val/stripe/stripe_0025.png', 'fd29abaa445cac715bd3bad9c5b23d141649c23e7d5ab4adc2861f8c3070211d', 3, 'train', NULL, NULL, true, 'drawn/val/stripe/stripe_0025.png', 'fd29abaa445cac715bd3bad9c5b23d141649c23e7d5ab4adc2861f8c3070211d', 3, 'val', NULL, NULL);
INSERT INTO public.asset_changes VALUES (21, '01a228fc-6e02-7452-b93f-e4ecfb5a9c37', true, 'drawn/val/stripe/stripe_0026.png', '71b8cfea6df9469ac305f554ff484e7b01c311e6acbeb77d5963395b5b0d8013', 3, 'train', NULL, NULL, true, 'drawn/val/stripe/stripe_0026.png', '71b8cfea6df9469ac305f554ff484e7b01c311e6acbeb77d5963395b5b0d8013', 3, 'val', NULL, NULL);
INSERT INTO public.asset_changes VALUES (21, '01a228fc-6e02-7452-b93f-e4edb35bd1ce', true, 'drawn/val/stripe/stripe_0027.png', 'bb275f01d2f4cc87bd12bcd3c4a2768cec57937192343cc432dc57a0752b917e', 3, 'train', NULL, NULL, true, 'drawn/val/stripe/stripe_0027.png', 'bb275f01d2f4cc87bd12bcd3c4a2768cec57937192343cc432dc57a0752b917e', 3, 'val', NULL, NULL);
INSERT INTO public.asset_changes VALUES (22, '01a228fc-7643-76e2-a7b8-9c2628785e2a', false, NULL, NULL, NULL, NULL, NULL, NULL, true, 'augmented/bf/bfd66c66737a50edfc7085576c88c3b0.png', 'bfd66c66737a50edfc7085576c88c3b0e5f80ef4d936da5deddb69a61f117555', 2, 'train', NULL, '01a228fc-6e02-7452-b93f-e4d9ee31cd3a');
INSERT INTO public.asset_changes VALUES (22, '01a228fc-7650-76b2-80a1-7f0f291b15e6', false, NULL, NULL, NULL, NULL, NULL, NULL, true, 'augmented/51/51fcfe2f1c236cacd1b636888209db2b.png', '51fcfe2f1c236cacd1b636888209db2b857dbcd10ac49961d69599608cba6c8e', 2, 'train', NULL, '01a228fc-6e02-7452-b93f-e4dad68ff3bd');
INSERT INTO public.asset_changes VALUES (22, '01a228fc-765a-723c-921e-b3343b3f4438', false, NULL, NULL, NULL, NULL, NULL, NULL, true, 'augmented/3a/3ad7ec849f783a0065722e39f3593675.png', '3ad7ec849f783a0065722e39f3593675f739033d6bc8f10b1aa0cd4f253b2f21', 2, 'train', NULL, '01a228fc-6e02-7452-b93f-e4db80c6c4da');
INSERT INTO public.asset_changes VALUES (22, '01a228fc-7666-7080-aa8a-0bdd7a2fddcb', false, NULL, NULL, NULL, NULL, NULL, NULL, true, 'augmented/85/857f4e6df6d950d8cccf44f1f70cbfb3.png', '857f4e6df6d950d8cccf44f1f70cbfb36b3865ccc0cbe801b2c3f9cfcd8e3cd3', 2, 'train', NULL, '01a228fc-6e02-7452-b93f-e4dce4a59186');
INSERT INTO public.asset_changes VALUES (22, '01a228fc-7669-7359-9e55-88a715c111fe', false, NULL, NULL, NULL, NULL, NULL, NULL, true, 'augmented/37/37b1c944d49e5e80dd6857e16b0bf4c4.png', '37b1c944d49e5e80dd6857e16b0bf4c4a1e4c130d23d01e5bc0b762cd1aa6719', 2, 'train', NULL, '01a228fc-6e02-7452-b93f-e4dd7897b143');
INSERT INTO public.asset_changes VALUES (22, '01a228fc-766d-713b-8a24-b86578a9b768', false, NULL, NULL, NULL, NULL, NULL, NULL, true, 'augmented/df/df412f2b6371f65873dcaba9838aa4ac.png', 'df412f2b6371f65873dcaba9838aa4acc1aec6c5f4e2a8adcbfb1749194b3de1', 2, 'train', NULL, '01a228fc-6e02-7452-b93f-e4dedddf7141');
INSERT INTO public.asset_counts VALUES (0, '', false, 2);
INSERT INTO public.asset_counts VALUES (0, 'train', false, 1);
INSERT INTO public.asset_counts VALUES (1, 'held_out', false, 1);
INSERT INTO public.asset_counts VALUES (1, 'test', false, 1);
INSERT INTO public.asset_counts VALUES (1, 'train', false, 5);
INSERT INTO public.asset_counts VALUES (1, 'val', false, 3);
INSERT INTO public.asset_counts VALUES (2, 'test', false, 1);
INSERT INTO public.asset_counts VALUES (2, 'train', false, 6);
INSERT INTO public.asset_counts VALUES (2, 'train', true, 6);
INSERT INTO public.asset_counts VALUES (2, 'val', false, 3);
INSERT INTO public.asset_counts VALUES (3, 'test', false, 4);
INSERT INTO public.asset_counts VALUES (3, 'train', false, 6);
INSERT INTO public.asset_counts VALUES (3, 'val', false, 3);
INSERT INTO public.asset_facet_counts VALUES ('review', '', 41);
INSERT INTO public.asset_facet_counts VALUES ('review', 'flagged', 1);
INSERT INTO public.asset_facet_counts VALUES ('source', 'drawn', 40);
INSERT INTO public.asset_facet_counts VALUES ('source', 'more', 2);
INSERT INTO public.assignments VALUES ('01a228fc-6e02-7452-b93f-e4ca48538698', 'ana', 'ana', '2026-11-29 20:26:14.622');
INSERT INTO public.assignments VALUES ('01a228fc-6e02-7452-b93f-e4cbd6e4721b', 'ben', 'ana', '2026-11-29 20:26:14.622');
INSERT INTO public.assignments VALUES ('01a228fc-6e02-7452-b93f-e4ce41551d6a', 'ana', 'ana', '2026-11-29 20:26:14.622');
INSERT INTO public.assignments VALUES ('01a228fc-6e02-7452-b93f-e4d04aee022b', 'ben', 'ana', '2026-11-29 20:26:14.622');
INSERT INTO public.assignments VALUES ('01a228fc-6e02-7452-b93f-e4d106e47b0c', 'ana', 'ana', '2026-11-29 20:26:14.622');
INSERT INTO public.assignments VALUES ('01a228fc-6e02-7452-b93f-e4d2d99eeea6', 'ben', 'ana', '2026-11-29 20:26:14.622');
INSERT INTO public.augmentation_presets VALUES (1, 'gentle', 'natural', '{"hue": 0.05, "erasing": 0.1, "contrast": 0.3, "greyscale": 0.05, "brightness": 0.3, "saturation": 0.2, "vertical_flip": 0.0, "crop_ratio_max": 1.33, "crop_ratio_min": 0.75, "crop_scale_max": 1.0, "crop_scale_min": 0.7, "horizontal_flip": 0.5, "rotation_degrees": 15.0, "erasing_scale_max": 0.15, "erasing_scale_min": 0.02}', 'ana', '2026-11-29 20:26:14.607');
INSERT INTO public.catalog_state VALUES (1, 22, 21, 10);
INSERT INTO public.checkpoints VALUES (1, 'best', 'run-1/best.safetensors', 'c25c8c55bec6a0e2db9a2847f93a6427e5ace3a2b869b80491dd9f16593d1f0c', 1636988, 3, 0.8888888888888888, '2026-11-29 20:26:08.512');
INSERT INTO public.checkpoints VALUES (1, 'last', 'run-1/last.safetensors', 'c25c8c55bec6a0e2db9a2847f93a6427e5ace3a2b869b80491dd9f16593d1f0c', 1636988, 3, 0.8888888888888888, '2026-11-29 20:26:08.507');
INSERT INTO public.checkpoints VALUES (3, 'best', 'run-3/best.safetensors', '2dabc0f14a056386e7b4aad14dd8d1734489be8482866b3825cbeaeb8248221c', 1636988, 2, 0.5555555555555556, '2026-11-29 20:26:13.316');
INSERT INTO public.checkpoints VALUES (3, 'last', 'run-3/last.safetensors', '2dabc0f14a056386e7b4aad14dd8d1734489be8482866b3825cbeaeb8248221c', 1636988, 2, 0.5555555555555556, '2026-11-29 20:26:13.315');
INSERT INTO public.duplicate_members VALUES ('01a228fc-6e02-7452-b93f-e4cc81e8f61d', '01a228fc-6e02-7452-b93f-e4cc81e8f61d', 10);
INSERT INTO public.duplicate_members VALUES ('01a228fc-7090-71af-8530-2abf9cc86683', '01a228fc-6e02-7452-b93f-e4cc81e8f61d', 10);
INSERT INTO public.jobs VALUES (1, 'train', 'Run 1: forge_cnn, 3 epochs', '{"device": "cpu", "resume": false, "run_id": 1}', 'succeeded', 'ana', 1, '{"step": 3, "epoch": 3, "stage": "test", "steps": 3, "message": "Measuring on test", "fraction": 1.0, "eta_seconds": null, "total_epochs": 3, "images_per_second": 30.7}', '{"best_epoch": 3, "ended_early": false, "epochs_done": 3, "num_rejected": 0, "test_accuracy": 0.5, "num_test_images": 6, "best_val_accuracy": 0.8888888888888888}', NULL, 'job-1.log', 'workstation', 4711, '81516', false, '2026-11-29 20:26:03.89', NULL, '2026-11-29 20:26:08.755', '2026-11-29 20:26:08.76');
INSERT INTO public.jobs VALUES (2, 'score', 'Score the images with run 1', '{"split": null, "run_id": 1, "only_new": true}', 'succeeded', 'ana', 1, '{"done": 42, "after": "01a228fc-766d-713b-8a24-b86578a9b768", "total": 42, "message": "Scoring 42 images", "fraction": 1.0, "eta_seconds": 0.0, "images_per_second": 81.4}', '{"run_id": 1, "rejected": [], "num_rated": 16, "num_scored": 42, "revision_id": 22, "num_rejected": 0}', NULL, 'job-2.log', 'workstation', 4711, '81516', false, '2026-11-29 20:26:08.795', NULL, '2026-11-29 20:26:09.374', '2026-11-29 20:26:09.389');
INSERT INTO public.jobs VALUES (3, 'train', 'Run 2: forge_cnn, 3 epochs', '{"device": "cpu", "resume": false, "run_id": 2}', 'failed', 'ana', 2, '{"step": 26, "stage": "verify", "steps": 26, "message": "Checking the image files"}', NULL, '{"detail": "", "message": "0 images are in training, so nothing can be learned.", "next_step": "Split the labelled images first, for example 80/10/10 by class."}', 'job-3.log', 'workstation', 4711, '81516', false, '2026-11-29 20:26:09.443', NULL, '2026-11-29 20:26:09.999', '2026-11-29 20:26:10.004');
INSERT INTO public.jobs VALUES (4, 'train', 'Run 3: forge_cnn, 200 epochs', '{"pause": true, "device": "cpu", "resume": false, "run_id": 3}', 'interrupted', 'ana', 3, '{"step": 2, "epoch": 3, "stage": "scratch", "steps": 3, "message": "Training, epoch 3 of 200", "fraction": 0.0133, "eta_seconds": 116.4, "total_epochs": 200, "images_per_second": 11.5}', NULL, '{"detail": "", "message": "Paused in epoch 3, step 2 of 3.", "next_step": "Resume it when you like: it goes on with the next step."}', 'job-4.log', 'workstation', 4711, '81516', true, '2026-11-29 20:26:10.058', NULL, '2026-11-29 20:26:14.415', '2026-11-29 20:26:14.422');
INSERT INTO public.jobs VALUES (5, 'train', 'Run 4: forge_cnn, 3 epochs', '{"pause": true, "device": "cpu", "resume": false, "run_id": 4}', 'interrupted', 'ana', 4, NULL, NULL, '{"detail": "", "message": "Paused before it began.", "next_step": "Resume it when you like."}', '', '', NULL, NULL, false, '2026-11-29 20:26:14.442', NULL, NULL, '2026-11-29 20:26:14.452');
INSERT INTO public.jobs VALUES (6, 'train', 'Run 5: forge_cnn, 3 epochs', '{"pause": false, "device": "cpu", "resume": false, "run_id": 5}', 'cancelled', 'ana', 5, NULL, NULL, NULL, '', '', NULL, NULL, false, '2026-11-29 20:26:14.474', NULL, NULL, '2026-11-29 20:26:14.484');
INSERT INTO public.jobs VALUES (7, 'train', 'Run 6: forge_cnn, 3 epochs', '{"pause": true, "device": "cpu", "resume": false, "run_id": 6}', 'running', 'ana', 6, NULL, NULL, NULL, '', 'elsewhere', 12, '1', true, '2026-11-29 20:26:14.5', NULL, NULL, NULL);
INSERT INTO public.jobs VALUES (8, 'train', 'Run 7: forge_cnn, 3 epochs', '{"pause": false, "device": "cpu", "resume": false, "run_id": 7}', 'running', 'ana', 7, NULL, NULL, NULL, '', 'elsewhere', 12, '1', true, '2026-11-29 20:26:14.545', NULL, NULL, NULL);
INSERT INTO public.jobs VALUES (9, 'train', 'Run 8: forge_cnn, 3 epochs', '{"device": "cpu", "resume": false, "run_id": 8}', 'queued', 'ana', 8, NULL, NULL, NULL, '', '', NULL, NULL, false, '2026-11-29 20:26:14.579', NULL, NULL, NULL);
INSERT INTO public.label_class_states VALUES (1, 1, 'circle', '#0072B2', NULL, '', false, NULL);
INSERT INTO public.label_class_states VALUES (1, 11, 'disc', '#0072B2', NULL, '', false, NULL);
INSERT INTO public.label_class_states VALUES (2, 1, 'square', '#E69F00', NULL, '', false, NULL);
INSERT INTO public.label_class_states VALUES (2, 12, 'square', '#E69F00', 'q', 'four sides', false, NULL);
INSERT INTO public.label_class_states VALUES (3, 1, 'stripe', '#009E73', NULL, '', false, NULL);
INSERT INTO public.label_class_states VALUES (4, 13, 'ring', '#CC79A7', NULL, '', false, NULL);
INSERT INTO public.label_class_states VALUES (4, 15, 'ring', '#CC79A7', NULL, '', true, 1);
INSERT INTO public.label_class_states VALUES (5, 16, 'odd', '#56B4E9', NULL, '', false, NULL);
INSERT INTO public.label_class_states VALUES (5, 17, 'odd', '#56B4E9', NULL, '', true, NULL);
INSERT INTO public.label_classes VALUES (1, 'disc', '#0072B2', NULL, '', false, '2026-11-29 20:26:01.57');
INSERT INTO public.label_classes VALUES (2, 'square', '#E69F00', 'q', 'four sides', false, '2026-11-29 20:26:01.586');
INSERT INTO public.label_classes VALUES (3, 'stripe', '#009E73', NULL, '', false, '2026-11-29 20:26:01.595');
INSERT INTO public.label_classes VALUES (4, 'ring', '#CC79A7', NULL, '', true, '2026-11-29 20:26:02.082');
INSERT INTO public.label_classes VALUES (5, 'odd', '#56B4E9', NULL, '', true, '2026-11-29 20:26:02.165');
INSERT INTO public.label_votes VALUES ('01a228fc-6e02-7452-b93f-e4d56cfc12bc', 'ana', 1, '2026-11-29 20:26:02.265');
INSERT INTO public.label_votes VALUES ('01a228fc-6e02-7452-b93f-e4d56cfc12bc', 'ben', 2, '2026-11-29 20:26:02.268');
INSERT INTO public.predictions VALUES (1, '01a228fc-6e02-7452-b93f-e4ca48538698', 1, 0.6595259322578056, 0.42466773295540106, 0.852192246763838, 0.6595259322578056, 1, 22);
INSERT INTO public.predictions VALUES (1, '01a228fc-6e02-7452-b93f-e4cbd6e4721b', 1, 0.6694928650225719, 0.3977024462462552, 0.7891554258355182, 0.27179041877631666, 3, 22);
INSERT INTO public.predictions VALUES (1, '01a228fc-6e02-7452-b93f-e4cc81e8f61d', 1, 0.7731800896220601, 0.5920299741665712, 0.6493290521423579, 0.7731800896220601, 1, 22);
INSERT INTO public.predictions VALUES (1, '01a228fc-6e02-7452-b93f-e4ce41551d6a', 2, 0.6613068429315614, 0.40099237979535524, 0.8233912481424508, 0.6613068429315614, 2, 22);
INSERT INTO public.predictions VALUES (1, '01a228fc-6e02-7452-b93f-e4d04aee022b', 3, 0.6480780390993996, 0.35276131572299435, 0.8038505408284335, 0.6480780390993996, 3, 22);
INSERT INTO public.predictions VALUES (1, '01a228fc-6e02-7452-b93f-e4d106e47b0c', 1, 0.7393317979940583, 0.5629856399562763, 0.737836942940874, 0.1763461580377821, 3, 22);
INSERT INTO public.predictions VALUES (1, '01a228fc-6e02-7452-b93f-e4d2d99eeea6', 1, 0.48503114803241676, 0.1430437229957353, 1.021394807627265, 0.34198742503668145, 3, 22);
INSERT INTO public.predictions VALUES (1, '01a228fc-6e02-7452-b93f-e4d34ebdedf6', 1, 0.7753754925269432, 0.5937278371550091, 0.6423477380767297, NULL, 1, 22);
INSERT INTO public.predictions VALUES (1, '01a228fc-6e02-7452-b93f-e4d46bee1719', 1, 0.7082849891551967, 0.48257253303855974, 0.7596642102930955, NULL, NULL, 22);
INSERT INTO public.predictions VALUES (1, '01a228fc-6e02-7452-b93f-e4d56cfc12bc', 1, 0.8281940607765785, 0.7011143367131508, 0.5572520441027717, NULL, 1, 22);
INSERT INTO public.predictions VALUES (1, '01a228fc-6e02-7452-b93f-e4d67ce9e5d2', 1, 0.7633924482172881, 0.5642003638524103, 0.6504315007920903, NULL, 1, 22);
INSERT INTO public.predictions VALUES (1, '01a228fc-6e02-7452-b93f-e4d78209efa4', 1, 0.7668077829092615, 0.58019875543508, 0.6597181676594963, NULL, 1, 22);
INSERT INTO public.predictions VALUES (1, '01a228fc-6e02-7452-b93f-e4d8f71d6b52', 1, 0.7795468609312449, 0.5946808580851723, 0.6249275596945459, NULL, 1, 22);
INSERT INTO public.predictions VALUES (1, '01a228fc-6e02-7452-b93f-e4d9ee31cd3a', 2, 0.9422357916529988, 0.9004786294216887, 0.2548634412511672, NULL, 2, 22);
INSERT INTO public.predictions VALUES (1, '01a228fc-6e02-7452-b93f-e4dad68ff3bd', 2, 0.8696018814328504, 0.7875356533685518, 0.47311429491537854, NULL, 2, 22);
INSERT INTO public.predictions VALUES (1, '01a228fc-6e02-7452-b93f-e4db80c6c4da', 2, 0.8919549247358394, 0.8168498417419879, 0.40884934154796704, NULL, 2, 22);
INSERT INTO public.predictions VALUES (1, '01a228fc-6e02-7452-b93f-e4dce4a59186', 2, 0.9612844631328388, 0.9320973390879421, 0.18544458075524817, NULL, 2, 22);
INSERT INTO public.predictions VALUES (1, '01a228fc-6e02-7452-b93f-e4dd7897b143', 2, 0.9392727134923056, 0.8847204862119442, 0.24892930229350912, NULL, 2, 22);
INSERT INTO public.predictions VALUES (1, '01a228fc-6e02-7452-b93f-e4dedddf7141', 2, 0.8796346668624362, 0.7735110015796057, 0.41141288123241226, NULL, 2, 22);
INSERT INTO public.predictions VALUES (1, '01a228fc-6e02-7452-b93f-e4dfc1de80aa', 3, 0.5664895722231006, 0.18699551862452624, 0.847277157388503, NULL, 3, 22);
INSERT INTO public.predictions VALUES (1, '01a228fc-6e02-7452-b93f-e4e0f1360f34', 3, 0.5623364912226395, 0.18676912950194113, 0.8640810259496141, NULL, 3, 22);
INSERT INTO public.predictions VALUES (1, '01a228fc-6e02-7452-b93f-e4e1186f669e', 3, 0.585072251821915, 0.2699244074155447, 0.9074874013187397, NULL, 3, 22);
INSERT INTO public.predictions VALUES (1, '01a228fc-6e02-7452-b93f-e4e20a9d8387', 3, 0.6423277958571089, 0.34717480904421966, 0.8178152574512163, NULL, 3, 22);
INSERT INTO public.predictions VALUES (1, '01a228fc-6e02-7452-b93f-e4e319e1f072', 3, 0.5070301073256023, 0.13638972071278194, 0.96925511526185, NULL, 3, 22);
INSERT INTO public.predictions VALUES (1, '01a228fc-6e02-7452-b93f-e4e4d7bf1c72', 3, 0.6424743840877322, 0.34357823907149776, 0.8115170591303988, NULL, 3, 22);
INSERT INTO public.predictions VALUES (1, '01a228fc-6e02-7452-b93f-e4e5dc7d3e74', 1, 0.7102151547274205, 0.483302501720389, 0.7535266593321831, 0.7102151547274205, 1, 22);
INSERT INTO public.predictions VALUES (1, '01a228fc-6e02-7452-b93f-e4e610667a5c', 1, 0.8087551687563429, 0.6595377337614984, 0.5887325365801455, 0.8087551687563429, 1, 22);
INSERT INTO public.predictions VALUES (1, '01a228fc-6e02-7452-b93f-e4e77a88c950', 1, 0.63419829311204, 0.3645620210706754, 0.8674062714638809, 0.63419829311204, 1, 22);
INSERT INTO public.predictions VALUES (1, '01a228fc-6e02-7452-b93f-e4e86fdf72ba', 2, 0.9648584173166886, 0.9384778958774405, 0.1719183492047258, 0.9648584173166886, 2, 22);
INSERT INTO public.predictions VALUES (1, '01a228fc-6e02-7452-b93f-e4e940b5bf15', 2, 0.9334301190951265, 0.887803951345102, 0.28613036090526034, 0.9334301190951265, 2, 22);
INSERT INTO public.predictions VALUES (1, '01a228fc-6e02-7452-b93f-e4ea111e5664', 2, 0.8922197331331955, 0.8245588525202747, 0.41299850031300084, 0.8922197331331955, 2, 22);
INSERT INTO public.predictions VALUES (1, '01a228fc-6e02-7452-b93f-e4eb4a80ce2a', 3, 0.5134692199590517, 0.14490993548493658, 0.9622814453523724, 0.5134692199590517, 3, 22);
INSERT INTO public.predictions VALUES (1, '01a228fc-6e02-7452-b93f-e4ecfb5a9c37', 3, 0.4863728748705729, 0.024274778352710913, 0.8601123054560312, 0.4863728748705729, 3, 22);
INSERT INTO public.predictions VALUES (1, '01a228fc-6e02-7452-b93f-e4edb35bd1ce', 1, 0.6053161679123072, 0.4033086912519762, 0.9442608515816252, 0.20200747666033106, 3, 22);
INSERT INTO public.predictions VALUES (1, '01a228fc-7090-71af-8530-2abeff6afdc9', 1, 0.7055098244710774, 0.5106286360270778, 0.7945565541026642, NULL, NULL, 22);
INSERT INTO public.predictions VALUES (1, '01a228fc-7090-71af-8530-2abf9cc86683', 1, 0.7295957742266328, 0.5600415422086354, 0.7622658041487644, NULL, NULL, 22);
INSERT INTO public.predictions VALUES (1, '01a228fc-7643-76e2-a7b8-9c2628785e2a', 2, 0.9358019371750379, 0.889189289027495, 0.2760578681765654, NULL, 2, 22);
INSERT INTO public.predictions VALUES (1, '01a228fc-7650-76b2-80a1-7f0f291b15e6', 2, 0.8947302519466417, 0.8274948691341895, 0.40537361344934886, NULL, 2, 22);
INSERT INTO public.predictions VALUES (1, '01a228fc-765a-723c-921e-b3343b3f4438', 2, 0.8872619715013372, 0.8107875421035488, 0.42301442336891576, NULL, 2, 22);
INSERT INTO public.predictions VALUES (1, '01a228fc-7666-7080-aa8a-0bdd7a2fddcb', 2, 0.959261203517563, 0.9291183686953464, 0.19363471808490632, NULL, 2, 22);
INSERT INTO public.predictions VALUES (1, '01a228fc-7669-7359-9e55-88a715c111fe', 2, 0.9424276642569447, 0.8910000235470419, 0.2397877159148499, NULL, 2, 22);
INSERT INTO public.predictions VALUES (1, '01a228fc-766d-713b-8a24-b86578a9b768', 2, 0.8799173075040974, 0.7740526274916208, 0.41076723252432246, NULL, 2, 22);
INSERT INTO public.revisions VALUES (1, '01a228fc-6be4-7123-a1c1-3250029b45a0', 'import', 'tester', '36 images from drawn', 36, NULL, '2026-11-29 20:26:01.52');
INSERT INTO public.revisions VALUES (2, '01a228fc-6e32-7042-991a-95ef03680405', 'relabel', 'ana', '', 1, NULL, '2026-11-29 20:26:01.669');
INSERT INTO public.revisions VALUES (3, '01a228fc-6e58-71fc-b9ad-c069438015f6', 'relabel', 'ben', 'looked twice', 1, NULL, '2026-11-29 20:26:01.696');
INSERT INTO public.revisions VALUES (5, '01a228fc-6efa-74f6-b8f3-6688d4b4901b', 'set_split', 'ana', '', 1, NULL, '2026-11-29 20:26:01.859');
INSERT INTO public.revisions VALUES (6, '01a228fc-6f27-77a6-97a8-6d8e456bbb33', 'remove', 'ben', '', 3, NULL, '2026-11-29 20:26:01.901');
INSERT INTO public.revisions VALUES (7, '01a228fc-6f44-7752-9adf-c173b21908a0', 'restore', 'ben', '', 1, NULL, '2026-11-29 20:26:01.94');
INSERT INTO public.revisions VALUES (8, '01a228fc-6f65-7587-8238-e01214ee6920', 'flag', 'ana', 'cut off?', 1, NULL, '2026-11-29 20:26:01.965');
INSERT INTO public.revisions VALUES (9, '01a228fc-6f7f-76b2-9a64-88da41a4dffa', 'flag', 'ana', '', 1, NULL, '2026-11-29 20:26:01.987');
INSERT INTO public.revisions VALUES (10, '01a228fc-6f87-74fa-8220-8b24a9eb30f6', 'unflag', 'ben', '', 1, NULL, '2026-11-29 20:26:01.994');
INSERT INTO public.revisions VALUES (11, '01a228fc-6f9c-7152-8d6e-8687b48627b7', 'rename_class', 'ana', 'circle renamed to disc', 0, NULL, '2026-11-29 20:26:02.018');
INSERT INTO public.revisions VALUES (12, '01a228fc-6fbc-7077-aa71-4a4f0e3a5e8b', 'edit_class', 'ana', 'square: description none to four sides, key none to q', 0, NULL, '2026-11-29 20:26:02.061');
INSERT INTO public.revisions VALUES (13, '01a228fc-6fd9-7385-9628-cab446669ff4', 'create_class', 'ben', 'class ring', 0, NULL, '2026-11-29 20:26:02.08');
INSERT INTO public.revisions VALUES (14, '01a228fc-6ff0-736c-9956-3fee49b16eed', 'relabel', 'ben', '', 1, NULL, '2026-11-29 20:26:02.106');
INSERT INTO public.revisions VALUES (15, '01a228fc-7005-7173-8921-c48ab966c6da', 'merge_class', 'ana', 'ring merged into disc', 1, NULL, '2026-11-29 20:26:02.123');
INSERT INTO public.revisions VALUES (16, '01a228fc-702c-75e4-b499-9b3bdfe5f537', 'create_class', 'ben', 'class odd', 0, NULL, '2026-11-29 20:26:02.159');
INSERT INTO public.revisions VALUES (17, '01a228fc-7041-7298-87e4-4483280a9ebc', 'retire_class', 'ben', 'odd retired', 0, NULL, '2026-11-29 20:26:02.193');
INSERT INTO public.revisions VALUES (18, '01a228fc-705c-7529-a692-f46eadec8e02', 'relabel', 'ana', '', 1, NULL, '2026-11-29 20:26:02.215');
INSERT INTO public.revisions VALUES (19, '01a228fc-7079-724b-8dfa-296e96d32033', 'import', 'tester', '2 images from more', 2, NULL, '2026-11-29 20:26:02.253');
INSERT INTO public.revisions VALUES (20, '01a228fc-750a-77aa-88dd-3d8e85fefd38', 'split', 'ana', 'split 80/10/10 by class, seed 3, groups kept whole by group_key', 17, NULL, '2026-11-29 20:26:03.436');
INSERT INTO public.revisions VALUES (22, '01a228fc-769f-7719-abee-0972a7eb05f2', 'augment', 'ben', '6 augmented copies of 6 images', 6, NULL, '2026-11-29 20:26:03.814');
INSERT INTO public.revisions VALUES (4, '01a228fc-6e6c-7066-ac32-7da60364ba80', 'undo', 'ana', 'undo of revision 2', 1, 2, '2026-11-29 20:26:01.757');
INSERT INTO public.revisions VALUES (21, '01a228fc-755b-74de-9773-8409c475b74b', 'undo', 'ana', 'undo of revision 20', 17, 20, '2026-11-29 20:26:03.514');
INSERT INTO public.run_metrics VALUES (1, 1, 'scratch', 1.246950205634622, 0.35294117647058826, 0.9586715540547139, 0.3333333333333333, '{"all": 0.0027632408752152494}', 0.9606936919999498, 23.31592617489099, '2026-11-29 20:26:06.511');
INSERT INTO public.run_metrics VALUES (1, 2, 'scratch', 1.7965063838397755, 0.5882352941176471, 0.7258044315495847, 0.6666666666666666, '{"all": 0.0013487447679954544}', 0.854518791999908, 20.250750028224136, '2026-11-29 20:26:07.559');
INSERT INTO public.run_metrics VALUES (1, 3, 'scratch', 0.4592316063011394, 0.8823529411764706, 0.4683712757781826, 0.8888888888888888, '{"all": 0.00010022040571070906}', 0.5940961700002845, 30.64070148389901, '2026-11-29 20:26:08.506');
INSERT INTO public.run_metrics VALUES (3, 1, 'scratch', 1.1307065276538624, 0.35294117647058826, 1.0948722722441089, 0.3333333333333333, '{"all": 0.0002000933333333333}', 0.6615961550000975, 38.99239727843443, '2026-11-29 20:26:12.521');
INSERT INTO public.run_metrics VALUES (3, 2, 'scratch', 0.8180727608063642, 0.5882352941176471, 0.9376592139680215, 0.5555555555555556, '{"all": 0.0005000833333333333}', 0.519566310999835, 33.7927199838503, '2026-11-29 20:26:13.314');
INSERT INTO public.saved_views VALUES (1, 'to label', '{"sort": "newest", "label": "none"}', 'ana', '2026-11-29 20:26:14.592');
INSERT INTO public.training_runs VALUES (1, 'finished', 'succeeded', 'ana', '{"fit": "crop", "seed": 0, "device": "cpu", "min_lr": 0.0000001, "preset": "text", "schema": 3, "head_lr": 0.001, "momentum": 0.9, "nesterov": true, "schedule": "cosine", "clip_norm": 0.0, "ema_decay": 0.0, "optimizer": "adamw", "warmup_lr": 0.001, "batch_size": 8, "input_size": 16, "pretrained": false, "scratch_lr": 0.003, "backbone_lr": 0.0001, "mixup_alpha": 0.0, "num_threads": 0, "preset_name": "", "architecture": "forge_cnn", "augmentation": null, "cutmix_alpha": 0.0, "weight_decay": 0.0001, "balanced_loss": false, "memory_layout": "auto", "num_processes": 1, "number_format": "auto", "use_augmented": false, "warmup_epochs": 5, "scratch_epochs": 3, "finetune_epochs": 10, "keep_statistics": true, "label_smoothing": 0.0, "lr_warmup_steps": -1, "train_all_layers": false, "balanced_sampling": false, "decay_norm_and_bias": false, "time_budget_minutes": 0.0, "early_stopping_patience": 0}', 22, '["disc", "square", "stripe"]', '[1, 2, 3]', '{"cuda": "13.2", "cudnn": "92600", "speed": {"parts": 1, "compiled": false, "device_kind": "cpu", "num_threads": 2, "memory_layout": "channels_last", "number_format": "float32"}, "torch": "2.15.0+cu132", "commit": "ff23663", "device": "AMD EPYC, 2 threads", "driver": "none", "python": "3.11.7", "left_out": [], "platform": "Linux-6.1.0-x86_64-with-glibc2.36", "device_id": "cpu", "processors": 2, "torchvision": "0.29.2+cu132", "packages_sha256": "a3092c170a8c56844a498df9a471492ce98c7373d9d6b62365fd642b9e380497"}', 'AMD EPYC, 2 threads', 'Finished: 88.9% validation accuracy at epoch 3.', 3, 0.8888888888888888, '{"val": {"loss": 0.4683712757781826, "schema": 1, "accuracy": 0.8888888888888888, "macro_f1": 0.8857142857142858, "confusion": [[3, 0, 0], [0, 3, 0], [1, 0, 2]], "per_class": [{"f1": 0.8571428571428571, "recall": 1.0, "support": 3, "precision": 0.75, "class_name": "disc"}, {"f1": 1.0, "recall": 1.0, "support": 3, "precision": 1.0, "class_name": "square"}, {"f1": 0.8, "recall": 0.6666666666666666, "support": 3, "precision": 1.0, "class_name": "stripe"}], "num_images": 9, "class_names": ["disc", "square", "stripe"], "top5_accuracy": null, "accuracy_interval": [0.565000294423344, 0.980109112361455]}, "test": {"loss": 0.8957545403699232, "schema": 1, "accuracy": 0.5, "macro_f1": 0.6, "confusion": [[1, 0, 0], [0, 1, 0], [3, 0, 1]], "per_class": [{"f1": 0.4, "recall": 1.0, "support": 1, "precision": 0.25, "class_name": "disc"}, {"f1": 1.0, "recall": 1.0, "support": 1, "precision": 1.0, "class_name": "square"}, {"f1": 0.4, "recall": 0.25, "support": 4, "precision": 1.0, "class_name": "stripe"}], "num_images": 6, "class_names": ["disc", "square", "stripe"], "top5_accuracy": null, "accuracy_interval": [0.18761630648265054, 0.8123836935173494]}}', '2026-11-29 20:26:03.885', '2026-11-29 20:26:04.739', '2026-11-29 20:26:08.761', false);
INSERT INTO public.training_runs VALUES (2, 'failed', 'failed', 'ana', '{"fit": "crop", "seed": 0, "device": "cpu", "min_lr": 0.0000001, "preset": "text", "schema": 3, "head_lr": 0.001, "momentum": 0.9, "nesterov": true, "schedule": "cosine", "clip_norm": 0.0, "ema_decay": 0.0, "optimizer": "adamw", "warmup_lr": 0.001, "batch_size": 8, "input_size": 16, "pretrained": false, "scratch_lr": 0.003, "backbone_lr": 0.0001, "mixup_alpha": 0.0, "num_threads": 0, "preset_name": "", "architecture": "forge_cnn", "augmentation": null, "cutmix_alpha": 0.0, "weight_decay": 0.0001, "balanced_loss": false, "memory_layout": "auto", "num_processes": 1, "number_format": "auto", "use_augmented": false, "warmup_epochs": 5, "scratch_epochs": 3, "finetune_epochs": 10, "keep_statistics": true, "label_smoothing": 0.0, "lr_warmup_steps": -1, "train_all_layers": false, "balanced_sampling": false, "decay_norm_and_bias": false, "time_budget_minutes": 0.0, "early_stopping_patience": 0}', 22, '["disc", "square", "stripe"]', '[1, 2, 3]', '{"cuda": "13.2", "cudnn": "92600", "torch": "2.15.0+cu132", "commit": "ff23663", "device": "AMD EPYC, 2 threads", "driver": "none", "python": "3.11.7", "platform": "Linux-6.1.0-x86_64-with-glibc2.36", "device_id": "cpu", "processors": 2, "torchvision": "0.29.2+cu132", "packages_sha256": "a3092c170a8c56844a498df9a471492ce98c7373d9d6b62365fd642b9e380497"}', 'AMD EPYC, 2 threads', '0 images are in training, so nothing can be learned.', NULL, NULL, NULL, '2026-11-29 20:26:09.442', '2026-11-29 20:26:09.976', '2026-11-29 20:26:10.006', false);
INSERT INTO public.training_runs VALUES (3, 'paused in its third epoch', 'interrupted', 'ana', '{"fit": "crop", "seed": 0, "device": "cpu", "min_lr": 0.0000001, "preset": "text", "schema": 3, "head_lr": 0.001, "momentum": 0.9, "nesterov": true, "schedule": "cosine", "clip_norm": 0.0, "ema_decay": 0.0, "optimizer": "adamw", "warmup_lr": 0.001, "batch_size": 8, "input_size": 16, "pretrained": false, "scratch_lr": 0.003, "backbone_lr": 0.0001, "mixup_alpha": 0.0, "num_threads": 0, "preset_name": "", "architecture": "forge_cnn", "augmentation": null, "cutmix_alpha": 0.0, "weight_decay": 0.0001, "balanced_loss": false, "memory_layout": "auto", "num_processes": 1, "number_format": "auto", "use_augmented": false, "warmup_epochs": 5, "scratch_epochs": 200, "finetune_epochs": 10, "keep_statistics": true, "label_smoothing": 0.0, "lr_warmup_steps": -1, "train_all_layers": false, "balanced_sampling": false, "decay_norm_and_bias": false, "time_budget_minutes": 0.0, "early_stopping_patience": 0}', 22, '["disc", "square", "stripe"]', '[1, 2, 3]', '{"cuda": "13.2", "cudnn": "92600", "speed": {"parts": 1, "compiled": false, "device_kind": "cpu", "num_threads": 2, "memory_layout": "channels_last", "number_format": "float32"}, "torch": "2.15.0+cu132", "commit": "ff23663", "device": "AMD EPYC, 2 threads", "driver": "none", "python": "3.11.7", "left_out": [], "platform": "Linux-6.1.0-x86_64-with-glibc2.36", "device_id": "cpu", "processors": 2, "torchvision": "0.29.2+cu132", "packages_sha256": "a3092c170a8c56844a498df9a471492ce98c7373d9d6b62365fd642b9e380497"}', 'AMD EPYC, 2 threads', 'Paused in epoch 3, step 2 of 3.', 2, 0.5555555555555556, NULL, '2026-11-29 20:26:10.056', '2026-11-29 20:26:10.579', '2026-11-29 20:26:14.423', false);
INSERT INTO public.training_runs VALUES (4, 'paused while it waited', 'interrupted', 'ana', '{"fit": "crop", "seed": 0, "device": "cpu", "min_lr": 0.0000001, "preset": "text", "schema": 3, "head_lr": 0.001, "momentum": 0.9, "nesterov": true, "schedule": "cosine", "clip_norm": 0.0, "ema_decay": 0.0, "optimizer": "adamw", "warmup_lr": 0.001, "batch_size": 8, "input_size": 16, "pretrained": false, "scratch_lr": 0.003, "backbone_lr": 0.0001, "mixup_alpha": 0.0, "num_threads": 0, "preset_name": "", "architecture": "forge_cnn", "augmentation": null, "cutmix_alpha": 0.0, "weight_decay": 0.0001, "balanced_loss": false, "memory_layout": "auto", "num_processes": 1, "number_format": "auto", "use_augmented": false, "warmup_epochs": 5, "scratch_epochs": 3, "finetune_epochs": 10, "keep_statistics": true, "label_smoothing": 0.0, "lr_warmup_steps": -1, "train_all_layers": false, "balanced_sampling": false, "decay_norm_and_bias": false, "time_budget_minutes": 0.0, "early_stopping_patience": 0}', 22, '["disc", "square", "stripe"]', '[1, 2, 3]', NULL, '', 'Paused before it began.', NULL, NULL, NULL, '2026-11-29 20:26:14.441', NULL, '2026-11-29 20:26:14.452', false);
INSERT INTO public.training_runs VALUES (5, 'cancelled while it waited', 'cancelled', 'ana', '{"fit": "crop", "seed": 0, "device": "cpu", "min_lr": 0.0000001, "preset": "text", "schema": 3, "head_lr": 0.001, "momentum": 0.9, "nesterov": true, "schedule": "cosine", "clip_norm": 0.0, "ema_decay": 0.0, "optimizer": "adamw", "warmup_lr": 0.001, "batch_size": 8, "input_size": 16, "pretrained": false, "scratch_lr": 0.003, "backbone_lr": 0.0001, "mixup_alpha": 0.0, "num_threads": 0, "preset_name": "", "architecture": "forge_cnn", "augmentation": null, "cutmix_alpha": 0.0, "weight_decay": 0.0001, "balanced_loss": false, "memory_layout": "auto", "num_processes": 1, "number_format": "auto", "use_augmented": false, "warmup_epochs": 5, "scratch_epochs": 3, "finetune_epochs": 10, "keep_statistics": true, "label_smoothing": 0.0, "lr_warmup_steps": -1, "train_all_layers": false, "balanced_sampling": false, "decay_norm_and_bias": false, "time_budget_minutes": 0.0, "early_stopping_patience": 0}', 22, '["disc", "square", "stripe"]', '[1, 2, 3]', NULL, '', '', NULL, NULL, NULL, '2026-11-29 20:26:14.473', NULL, '2026-11-29 20:26:14.485', false);
INSERT INTO public.training_runs VALUES (6, 'asked to pause when the machine went off', 'queued', 'ana', '{"fit": "crop", "seed": 0, "device": "cpu", "min_lr": 0.0000001, "preset": "text", "schema": 3, "head_lr": 0.001, "momentum": 0.9, "nesterov": true, "schedule": "cosine", "clip_norm": 0.0, "ema_decay": 0.0, "optimizer": "adamw", "warmup_lr": 0.001, "batch_size": 8, "input_size": 16, "pretrained": false, "scratch_lr": 0.003, "backbone_lr": 0.0001, "mixup_alpha": 0.0, "num_threads": 0, "preset_name": "", "architecture": "forge_cnn", "augmentation": null, "cutmix_alpha": 0.0, "weight_decay": 0.0001, "balanced_loss": false, "memory_layout": "auto", "num_processes": 1, "number_format": "auto", "use_augmented": false, "warmup_epochs": 5, "scratch_epochs": 3, "finetune_epochs": 10, "keep_statistics": true, "label_smoothing": 0.0, "lr_warmup_steps": -1, "train_all_layers": false, "balanced_sampling": false, "decay_norm_and_bias": false, "time_budget_minutes": 0.0, "early_stopping_patience": 0}', 22, '["disc", "square", "stripe"]', '[1, 2, 3]', NULL, '', '', NULL, NULL, NULL, '2026-11-29 20:26:14.499', NULL, NULL, false);
INSERT INTO public.training_runs VALUES (7, 'asked to cancel when the machine went off', 'queued', 'ana', '{"fit": "crop", "seed": 0, "device": "cpu", "min_lr": 0.0000001, "preset": "text", "schema": 3, "head_lr": 0.001, "momentum": 0.9, "nesterov": true, "schedule": "cosine", "clip_norm": 0.0, "ema_decay": 0.0, "optimizer": "adamw", "warmup_lr": 0.001, "batch_size": 8, "input_size": 16, "pretrained": false, "scratch_lr": 0.003, "backbone_lr": 0.0001, "mixup_alpha": 0.0, "num_threads": 0, "preset_name": "", "architecture": "forge_cnn", "augmentation": null, "cutmix_alpha": 0.0, "weight_decay": 0.0001, "balanced_loss": false, "memory_layout": "auto", "num_processes": 1, "number_format": "auto", "use_augmented": false, "warmup_epochs": 5, "scratch_epochs": 3, "finetune_epochs": 10, "keep_statistics": true, "label_smoothing": 0.0, "lr_warmup_steps": -1, "train_all_layers": false, "balanced_sampling": false, "decay_norm_and_bias": false, "time_budget_minutes": 0.0, "early_stopping_patience": 0}', 22, '["disc", "square", "stripe"]', '[1, 2, 3]', NULL, '', '', NULL, NULL, NULL, '2026-11-29 20:26:14.544', NULL, NULL, false);
INSERT INTO public.training_runs VALUES (8, 'waits', 'queued', 'ana', '{"fit": "crop", "seed": 0, "device": "cpu", "min_lr": 0.0000001, "preset": "text", "schema": 3, "head_lr": 0.001, "momentum": 0.9, "nesterov": true, "schedule": "cosine", "clip_norm": 0.0, "ema_decay": 0.0, "optimizer": "adamw", "warmup_lr": 0.001, "batch_size": 8, "input_size": 16, "pretrained": false, "scratch_lr": 0.003, "backbone_lr": 0.0001, "mixup_alpha": 0.0, "num_threads": 0, "preset_name": "", "architecture": "forge_cnn", "augmentation": null, "cutmix_alpha": 0.0, "weight_decay": 0.0001, "balanced_loss": false, "memory_layout": "auto", "num_processes": 1, "number_format": "auto", "use_augmented": false, "warmup_epochs": 5, "scratch_epochs": 3, "finetune_epochs": 10, "keep_statistics": true, "label_smoothing": 0.0, "lr_warmup_steps": -1, "train_all_layers": false, "balanced_sampling": false, "decay_norm_and_bias": false, "time_budget_minutes": 0.0, "early_stopping_patience": 0}', 22, '["disc", "square", "stripe"]', '[1, 2, 3]', NULL, '', '', NULL, NULL, NULL, '2026-11-29 20:26:14.578', NULL, NULL, false);
INSERT INTO public.user_preferences VALUES ('ben', 'gallery', '{"keys": {"undo": ["q"]}, "size": 160}', '2026-11-29 20:26:14.598');
INSERT INTO public.vision_assets VALUES ('01a228fc-6e02-7452-b93f-e4ca48538698', 'drawn/test/circle/circle_0028.png', 1, 'disc', 'test', 'drawn', false, NULL, '2026-11-29 20:26:01.603', '4c39bec572e3e2541fa103c388148430e176d0a6be95a1d0e3eed7540450d877', 24, 24, 1357, 'image/png', '65b3598c669b5892', NULL, NULL, '', 5, false, NULL);
INSERT INTO public.vision_assets VALUES ('01a228fc-6e02-7452-b93f-e4cbd6e4721b', 'drawn/test/circle/circle_0029.png', 3, 'stripe', 'test', 'drawn', false, NULL, '2026-11-29 20:26:01.603', 'bcea73cc66721bf86ddb882d9b78d2a7178d9ab09d25a66976ec89bed3905799', 24, 24, 1408, 'image/png', 'a58de473996c27c3', NULL, NULL, '', 4, false, NULL);
INSERT INTO public.vision_assets VALUES ('01a228fc-6e02-7452-b93f-e4cc81e8f61d', 'drawn/test/circle/circle_0030.png', 1, 'disc', 'held_out', 'drawn', false, NULL, '2026-11-29 20:26:01.603', '12cc3ecc7ce1ba7a5bc3f1b9a64aa89c6ad71df6bbf9dd6fb290cffb66e715b3', 24, 24, 1359, 'image/png', 'c42a98c762384c97', NULL, NULL, '', 2, false, NULL);
INSERT INTO public.vision_assets VALUES ('01a228fc-6e02-7452-b93f-e4cd5967a419', 'drawn/test/square/square_0031.png', 2, 'square', 'test', 'drawn', false, NULL, '2026-11-29 20:26:01.603', 'c3a6c10bd970f69a73d1d2ba523ee01fbdaf1598431eaed80b20d2d11e44a116', 24, 24, 1311, 'image/png', '33716c68b192e656', NULL, NULL, '', 2, true, NULL);
INSERT INTO public.vision_assets VALUES ('01a228fc-6e02-7452-b93f-e4ce41551d6a', 'drawn/test/square/square_0032.png', 2, 'square', 'test', 'drawn', false, NULL, '2026-11-29 20:26:01.603', '25181815f979d1eab16f3b24c8266b1baebe323e29e65cfe7047e171d32bc880', 24, 24, 1298, 'image/png', '4272c9a62786cd35', NULL, NULL, '', 5, false, NULL);
INSERT INTO public.vision_assets VALUES ('01a228fc-6e02-7452-b93f-e4cfd332bf5d', 'drawn/test/square/square_0033.png', 2, 'square', 'test', 'drawn', false, NULL, '2026-11-29 20:26:01.607', '57a62ac0f2843ffd49ce0791e88fa5b8753b9c225d34411dcb63c203f72e0193', 24, 24, 1307, 'image/png', '3271c9e971365a8a', NULL, NULL, '', 2, true, NULL);
INSERT INTO public.vision_assets VALUES ('01a228fc-6e02-7452-b93f-e4d04aee022b', 'drawn/test/stripe/stripe_0034.png', 3, 'stripe', 'test', 'drawn', false, NULL, '2026-11-29 20:26:01.608', '70f82173d5289c86eb51f8809b34930c83258d225bd11462873b20c4cbc7d69f', 24, 24, 1314, 'image/png', 'c5e292e2c5386195', NULL, NULL, '', 1, false, NULL);
INSERT INTO public.vision_assets VALUES ('01a228fc-6e02-7452-b93f-e4d106e47b0c', 'drawn/test/stripe/stripe_0035.png', 3, 'stripe', 'test', 'drawn', false, NULL, '2026-11-29 20:26:01.608', 'c4845690d7b4ccbe7dbde96ff99c5582e32c829c5f5db502ba18c4ee1c358d25', 24, 24, 1315, 'image/png', '9946b97064703946', NULL, 'flagged', 'cut off?', 4, false, NULL);
INSERT INTO public.vision_assets VALUES ('01a228fc-6e02-7452-b93f-e4d2d99eeea6', 'drawn/test/stripe/stripe_0036.png', 3, 'stripe', 'test', 'drawn', false, NULL, '2026-11-29 20:26:01.608', '4db86451655b04a23223f20dde687642e63bd8b1c8239741cdb3cc232b683868', 24, 24, 1319, 'image/png', '9966e2c1d1e224d6', NULL, NULL, '', 5, false, NULL);
INSERT INTO public.vision_assets VALUES ('01a228fc-6e02-7452-b93f-e4d34ebdedf6', 'drawn/train/circle/circle_0001.png', 1, 'disc', 'train', 'drawn', false, NULL, '2026-11-29 20:26:01.608', 'dab96f7051c82b8cd042406b8b700207aedba6e1f74094aa09c75a188564056a', 24, 24, 1397, 'image/png', 'a888e433d90cd793', NULL, NULL, '', 3, false, NULL);
INSERT INTO public.vision_assets VALUES ('01a228fc-6e02-7452-b93f-e4d46bee1719', 'drawn/train/circle/circle_0002.png', NULL, NULL, 'train', 'drawn', false, NULL, '2026-11-29 20:26:01.608', 'f85c00cebc77ef5621218c691fed3c1f9c49eba22abf6cbb005fc6e7694405d1', 24, 24, 1383, 'image/png', '31cde6311c6e3391', NULL, NULL, '', 2, false, NULL);
INSERT INTO public.vision_assets VALUES ('01a228fc-6e02-7452-b93f-e4d56cfc12bc', 'drawn/train/circle/circle_0003.png', 1, 'disc', 'train', 'drawn', false, NULL, '2026-11-29 20:26:01.608', '353c555117f0fbb970d3f2194af5f75333cefdda6c0673403c3a67a4a2e6fd67', 24, 24, 1354, 'image/png', '2292cce2319c0e4b', NULL, NULL, '', 1, false, NULL);
INSERT INTO public.vision_assets VALUES ('01a228fc-6e02-7452-b93f-e4d67ce9e5d2', 'drawn/train/circle/circle_0004.png', 1, 'disc', 'train', 'drawn', false, NULL, '2026-11-29 20:26:01.608', 'f4b6f4bebdee5109a3a702b97e29ed1a6e75bd710a624511b7f2127bf5c0fb76', 24, 24, 1388, 'image/png', '9288c473b84c9753', NULL, NULL, '', 1, false, 'patient 7');
INSERT INTO public.vision_assets VALUES ('01a228fc-6e02-7452-b93f-e4d78209efa4', 'drawn/train/circle/circle_0005.png', 1, 'disc', 'train', 'drawn', false, NULL, '2026-11-29 20:26:01.608', '133b5938a35a0077f2504c920f291770d0a7a47141d3ca6dc094d0229a4eff2a', 24, 24, 1399, 'image/png', '289ac462b94c9633', NULL, NULL, '', 1, false, 'patient 7');
INSERT INTO public.vision_assets VALUES ('01a228fc-6e02-7452-b93f-e4d8f71d6b52', 'drawn/train/circle/circle_0006.png', 1, 'disc', 'train', 'drawn', false, NULL, '2026-11-29 20:26:01.608', '3767b82d5449c60f435a0ef84926852388fb595fbe2f585b665be2b6ec476373', 24, 24, 1368, 'image/png', '4c99cde3b85c2709', NULL, NULL, '', 3, false, NULL);
INSERT INTO public.vision_assets VALUES ('01a228fc-6e02-7452-b93f-e4d9ee31cd3a', 'drawn/train/square/square_0007.png', 2, 'square', 'train', 'drawn', false, '2026-11-29 20:26:03.814', '2026-11-29 20:26:01.608', '8b35e7b12812c9b8979ea8157e6646caa56113b0ef23844d8625d240ba734af5', 24, 24, 1302, 'image/png', '30686c71330d558d', NULL, NULL, '', 1, false, NULL);
INSERT INTO public.vision_assets VALUES ('01a228fc-6e02-7452-b93f-e4dad68ff3bd', 'drawn/train/square/square_0008.png', 2, 'square', 'train', 'drawn', false, '2026-11-29 20:26:03.814', '2026-11-29 20:26:01.608', 'bcc66d78a6c04222408c4a2e365ebba1936ebffc2e032d5ce5a518d0d1346cf1', 24, 24, 1275, 'image/png', 'e3d1d1e2659c5098', NULL, NULL, '', 1, false, NULL);
INSERT INTO public.vision_assets VALUES ('01a228fc-6e02-7452-b93f-e4db80c6c4da', 'drawn/train/square/square_0009.png', 2, 'square', 'train', 'drawn', false, '2026-11-29 20:26:03.814', '2026-11-29 20:26:01.608', '3de2028f5d160b33671cc5370f5b6f31be2f3806245e45d5f8309ae9a30b4df5', 24, 24, 1304, 'image/png', '24e2d1d9e2671929', NULL, NULL, '', 3, false, NULL);
INSERT INTO public.vision_assets VALUES ('01a228fc-6e02-7452-b93f-e4dce4a59186', 'drawn/train/square/square_0010.png', 2, 'square', 'train', 'drawn', false, '2026-11-29 20:26:03.814', '2026-11-29 20:26:01.608', 'f61ff153d3aa5051d34be3e52e44b826c6e771c2ebfbe165c5b8989997eb0ca2', 24, 24, 1300, 'image/png', '32786c7031569233', NULL, NULL, '', 1, false, NULL);
INSERT INTO public.vision_assets VALUES ('01a228fc-6e02-7452-b93f-e4dd7897b143', 'drawn/train/square/square_0011.png', 2, 'square', 'train', 'drawn', false, '2026-11-29 20:26:03.814', '2026-11-29 20:26:01.608', '4dd7041fa99d8ad58c10f368bd404722de1ff6e8edecb79bd3260652c26dc077', 24, 24, 1312, 'image/png', 'cd19386c6439da34', NULL, NULL, '', 1, false, NULL);
INSERT INTO public.vision_assets VALUES ('01a228fc-6e02-7452-b93f-e4dedddf7141', 'drawn/train/square/square_0012.png', 2, 'square', 'train', 'drawn', false, '2026-11-29 20:26:03.814', '2026-11-29 20:26:01.608', '65cc738d670fd17d4e8ecfe1f6fd9e645857cca0b2c63e69524f0737e942505e', 24, 24, 1261, 'image/png', 'c8a563c9d9f2668a', NULL, NULL, '', 3, false, NULL);
INSERT INTO public.vision_assets VALUES ('01a228fc-6e02-7452-b93f-e4dfc1de80aa', 'drawn/train/stripe/stripe_0013.png', 3, 'stripe', 'train', 'drawn', false, NULL, '2026-11-29 20:26:01.609', 'bce1e97b8c424b3b6e12d93482857bea4fb26d90a6e33c0183c4aa2cc3e38ca2', 24, 24, 1314, 'image/png', '33c6c0b3e2c43182', NULL, NULL, '', 1, false, NULL);
INSERT INTO public.vision_assets VALUES ('01a228fc-6e02-7452-b93f-e4e0f1360f34', 'drawn/train/stripe/stripe_0014.png', 3, 'stripe', 'train', 'drawn', false, NULL, '2026-11-29 20:26:01.609', 'da91bcb37f23446bace9dcc2d1909abefdcff91660394d0c3849c88c32c4db21', 24, 24, 1257, 'image/png', '33686c7833c62961', NULL, NULL, '', 1, false, NULL);
INSERT INTO public.vision_assets VALUES ('01a228fc-6e02-7452-b93f-e4e1186f669e', 'drawn/train/stripe/stripe_0015.png', 3, 'stripe', 'train', 'drawn', false, NULL, '2026-11-29 20:26:01.609', 'faae214cf76e3584a24edc5a08e92a73a0c70a3a54031dcce6faf5c93797d159', 24, 24, 1326, 'image/png', 'c4a425c4c86c4e43', NULL, NULL, '', 1, false, NULL);
INSERT INTO public.vision_assets VALUES ('01a228fc-6e02-7452-b93f-e4e20a9d8387', 'drawn/train/stripe/stripe_0016.png', 3, 'stripe', 'train', 'drawn', false, NULL, '2026-11-29 20:26:01.609', 'e7cbc87feeacac63712089761d372b9154eb64c36e7dfc4beb33baf86d7efe71', 24, 24, 1288, 'image/png', 'e4c392c2e51e4941', NULL, NULL, '', 3, false, NULL);
INSERT INTO public.vision_assets VALUES ('01a228fc-6e02-7452-b93f-e4e319e1f072', 'drawn/train/stripe/stripe_0017.png', 3, 'stripe', 'train', 'drawn', false, NULL, '2026-11-29 20:26:01.609', 'e41cd4543660c1cd77b061ee2d7af9a383253f56549cf9e0723fdb8d5d16aaa3', 24, 24, 1333, 'image/png', '31cba424c5cc11d8', NULL, NULL, '', 1, false, NULL);
INSERT INTO public.vision_assets VALUES ('01a228fc-6e02-7452-b93f-e4e4d7bf1c72', 'drawn/train/stripe/stripe_0018.png', 3, 'stripe', 'train', 'drawn', false, NULL, '2026-11-29 20:26:01.609', 'a58cf1f527fb911bf312231b8ac753391662d2dadf3f243ecfe797a73606c6c3', 24, 24, 1321, 'image/png', 'e2d1d1e266983429', NULL, NULL, '', 1, false, NULL);
INSERT INTO public.vision_assets VALUES ('01a228fc-6e02-7452-b93f-e4e5dc7d3e74', 'drawn/val/circle/circle_0019.png', 1, 'disc', 'val', 'drawn', false, NULL, '2026-11-29 20:26:01.609', '5dac95c0a27edfb0aa7f28d9058e17d762371e8fcd7e7337a901f181976b73ed', 24, 24, 1376, 'image/png', '69413d8ce2701ca6', NULL, NULL, '', 3, false, NULL);
INSERT INTO public.vision_assets VALUES ('01a228fc-6e02-7452-b93f-e4e610667a5c', 'drawn/val/circle/circle_0020.png', 1, 'disc', 'val', 'drawn', false, NULL, '2026-11-29 20:26:01.609', '3994b37a34d77e49f2f1f4a5953df0cb413b86c7260bc613e64a3f5f07ff7c4d', 24, 24, 1358, 'image/png', '67998ae671584ee3', NULL, NULL, '', 3, false, NULL);
INSERT INTO public.vision_assets VALUES ('01a228fc-6e02-7452-b93f-e4e77a88c950', 'drawn/val/circle/circle_0021.png', 1, 'disc', 'val', 'drawn', false, NULL, '2026-11-29 20:26:01.609', 'fb4312ff074233cb5830fbfe59098a7af382b1b8ba69a800ee09818378b1590c', 24, 24, 1368, 'image/png', '3644148ce3719cae', NULL, NULL, '', 1, false, NULL);
INSERT INTO public.vision_assets VALUES ('01a228fc-6e02-7452-b93f-e4e86fdf72ba', 'drawn/val/square/square_0022.png', 2, 'square', 'val', 'drawn', false, NULL, '2026-11-29 20:26:01.609', '753fcc8c299d772c4ea08917f062442cb396bf02fba8a237458be28efd2a0d0b', 24, 24, 1314, 'image/png', '396c64381b4f3354', NULL, NULL, '', 3, false, NULL);
INSERT INTO public.vision_assets VALUES ('01a228fc-6e02-7452-b93f-e4e940b5bf15', 'drawn/val/square/square_0023.png', 2, 'square', 'val', 'drawn', false, NULL, '2026-11-29 20:26:01.609', '3939817ab56b064ee4603345971aa8455eec7f398c36bf19807b95d9bf674e9e', 24, 24, 1304, 'image/png', '23e0d9d162b08c6b', NULL, NULL, '', 3, false, NULL);
INSERT INTO public.vision_assets VALUES ('01a228fc-6e02-7452-b93f-e4ea111e5664', 'drawn/val/square/square_0024.png', 2, 'square', 'val', 'drawn', false, NULL, '2026-11-29 20:26:01.609', 'a013d7363fae597b07ed041e7f17fb8e75617c30cb1d3239becb44d89725072d', 24, 24, 1303, 'image/png', 'e2d0d0e2648b45cd', NULL, NULL, '', 3, false, NULL);
INSERT INTO public.vision_assets VALUES ('01a228fc-6e02-7452-b93f-e4eb4a80ce2a', 'drawn/val/stripe/stripe_0025.png', 3, 'stripe', 'val', 'drawn', false, NULL, '2026-11-29 20:26:01.609', 'fd29abaa445cac715bd3bad9c5b23d141649c23e7d5ab4adc2861f8c3070211d', 24, 24, 1311, 'image/png', '39646c7839a4a10b', NULL, NULL, '', 3, false, NULL);
INSERT INTO public.vision_assets VALUES ('01a228fc-6e02-7452-b93f-e4ecfb5a9c37', 'drawn/val/stripe/stripe_0026.png', 3, 'stripe', 'val', 'drawn', false, NULL, '2026-11-29 20:26:01.609', '71b8cfea6df9469ac305f554ff484e7b01c311e6acbeb77d5963395b5b0d8013', 24, 24, 1316, 'image/png', '5632e1c961734483', NULL, NULL, '', 3, false, NULL);
INSERT INTO public.vision_assets VALUES ('01a228fc-6e02-7452-b93f-e4edb35bd1ce', 'drawn/val/stripe/stripe_0027.png', 3, 'stripe', 'val', 'drawn', false, NULL, '2026-11-29 20:26:01.609', 'bb275f01d2f4cc87bd12bcd3c4a2768cec57937192343cc432dc57a0752b917e', 24, 24, 1284, 'image/png', '46b9f06470b18e48', NULL, NULL, '', 3, false, NULL);
INSERT INTO public.vision_assets VALUES ('01a228fc-7090-71af-8530-2abeff6afdc9', 'more/disc_0001.png', NULL, NULL, NULL, 'more', false, NULL, '2026-11-29 20:26:02.256', 'aa9c9a63553add1eaf231ee45d520883849471282e0a5bf4fd83bc8135568fcf', 24, 24, 1354, 'image/png', '9acd62b90ca64b19', NULL, NULL, '', 1, false, NULL);
INSERT INTO public.vision_assets VALUES ('01a228fc-7090-71af-8530-2abf9cc86683', 'more/disc_0002.png', NULL, NULL, NULL, 'more', false, NULL, '2026-11-29 20:26:02.256', '4732b372e17e73f805b5bfc1297fa04d77f1c8aa88ad3e48aace30c9d2faff21', 24, 24, 1333, 'image/png', 'c03298c673b8ceb7', NULL, NULL, '', 1, false, NULL);
INSERT INTO public.vision_assets VALUES ('01a228fc-7643-76e2-a7b8-9c2628785e2a', 'augmented/bf/bfd66c66737a50edfc7085576c88c3b0.png', 2, 'square', 'train', 'drawn', true, NULL, '2026-11-29 20:26:03.814', 'bfd66c66737a50edfc7085576c88c3b0e5f80ef4d936da5deddb69a61f117555', 16, 16, 530, 'image/png', '70686870310d918c', '01a228fc-6e02-7452-b93f-e4d9ee31cd3a', NULL, '', 1, false, NULL);
INSERT INTO public.vision_assets VALUES ('01a228fc-7650-76b2-80a1-7f0f291b15e6', 'augmented/51/51fcfe2f1c236cacd1b636888209db2b.png', 2, 'square', 'train', 'drawn', true, NULL, '2026-11-29 20:26:03.814', '51fcfe2f1c236cacd1b636888209db2b857dbcd10ac49961d69599608cba6c8e', 16, 16, 560, 'image/png', 'e0e1d1f1e2649848', '01a228fc-6e02-7452-b93f-e4dad68ff3bd', NULL, '', 1, false, NULL);
INSERT INTO public.vision_assets VALUES ('01a228fc-765a-723c-921e-b3343b3f4438', 'augmented/3a/3ad7ec849f783a0065722e39f3593675.png', 2, 'square', 'train', 'drawn', true, NULL, '2026-11-29 20:26:03.814', '3ad7ec849f783a0065722e39f3593675f739033d6bc8f10b1aa0cd4f253b2f21', 16, 16, 567, 'image/png', '60e2d1d1e2e71969', '01a228fc-6e02-7452-b93f-e4db80c6c4da', NULL, '', 1, false, NULL);
INSERT INTO public.vision_assets VALUES ('01a228fc-7666-7080-aa8a-0bdd7a2fddcb', 'augmented/85/857f4e6df6d950d8cccf44f1f70cbfb3.png', 2, 'square', 'train', 'drawn', true, NULL, '2026-11-29 20:26:03.814', '857f4e6df6d950d8cccf44f1f70cbfb36b3865ccc0cbe801b2c3f9cfcd8e3cd3', 16, 16, 559, 'image/png', '70f0e8f0311693b3', '01a228fc-6e02-7452-b93f-e4dce4a59186', NULL, '', 1, false, NULL);
INSERT INTO public.vision_assets VALUES ('01a228fc-7669-7359-9e55-88a715c111fe', 'augmented/37/37b1c944d49e5e80dd6857e16b0bf4c4.png', 2, 'square', 'train', 'drawn', true, NULL, '2026-11-29 20:26:03.814', '37b1c944d49e5e80dd6857e16b0bf4c4a1e4c130d23d01e5bc0b762cd1aa6719', 16, 16, 568, 'image/png', '8d39706c70389ab6', '01a228fc-6e02-7452-b93f-e4dd7897b143', NULL, '', 1, false, NULL);
INSERT INTO public.vision_assets VALUES ('01a228fc-766d-713b-8a24-b86578a9b768', 'augmented/df/df412f2b6371f65873dcaba9838aa4ac.png', 2, 'square', 'train', 'drawn', true, NULL, '2026-11-29 20:26:03.814', 'df412f2b6371f65873dcaba9838aa4acc1aec6c5f4e2a8adcbfb1749194b3de1', 16, 16, 582, 'image/png', '89a562d0c9f2628a', '01a228fc-6e02-7452-b93f-e4dedddf7141', NULL, '', 1, false, NULL);
SELECT pg_catalog.setval('public.augmentation_presets_preset_id_seq', 2, false);
SELECT pg_catalog.setval('public.jobs_job_id_seq', 10, false);
SELECT pg_catalog.setval('public.label_classes_label_id_seq', 6, false);
SELECT pg_catalog.setval('public.saved_views_view_id_seq', 2, false);
SELECT pg_catalog.setval('public.training_runs_run_id_seq', 9, false);
ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.asset_changes
    ADD CONSTRAINT pk_asset_changes PRIMARY KEY (revision_id, asset_id);
ALTER TABLE ONLY public.asset_counts
    ADD CONSTRAINT pk_asset_counts PRIMARY KEY (label_key, split_key, is_augmented);
ALTER TABLE ONLY public.asset_facet_counts
    ADD CONSTRAINT pk_asset_facet_counts PRIMARY KEY (facet, value);
ALTER TABLE ONLY public.assignments
    ADD CONSTRAINT pk_assignments PRIMARY KEY (asset_id);
ALTER TABLE ONLY public.augmentation_presets
    ADD CONSTRAINT pk_augmentation_presets PRIMARY KEY (preset_id);
ALTER TABLE ONLY public.catalog_state
    ADD CONSTRAINT pk_catalog_state PRIMARY KEY (state_id);
ALTER TABLE ONLY public.checkpoints
    ADD CONSTRAINT pk_checkpoints PRIMARY KEY (run_id, kind);
ALTER TABLE ONLY public.duplicate_members
    ADD CONSTRAINT pk_duplicate_members PRIMARY KEY (asset_id);
ALTER TABLE ONLY public.jobs
    ADD CONSTRAINT pk_jobs PRIMARY KEY (job_id);
ALTER TABLE ONLY public.label_class_states
    ADD CONSTRAINT pk_label_class_states PRIMARY KEY (label_id, revision_id);
ALTER TABLE ONLY public.label_classes
    ADD CONSTRAINT pk_label_classes PRIMARY KEY (label_id);
ALTER TABLE ONLY public.label_votes
    ADD CONSTRAINT pk_label_votes PRIMARY KEY (asset_id, author);
ALTER TABLE ONLY public.predictions
    ADD CONSTRAINT pk_predictions PRIMARY KEY (run_id, asset_id);
ALTER TABLE ONLY public.revisions
    ADD CONSTRAINT pk_revisions PRIMARY KEY (revision_id);
ALTER TABLE ONLY public.run_metrics
    ADD CONSTRAINT pk_run_metrics PRIMARY KEY (run_id, epoch);
ALTER TABLE ONLY public.saved_views
    ADD CONSTRAINT pk_saved_views PRIMARY KEY (view_id);
ALTER TABLE ONLY public.training_runs
    ADD CONSTRAINT pk_training_runs PRIMARY KEY (run_id);
ALTER TABLE ONLY public.user_preferences
    ADD CONSTRAINT pk_user_preferences PRIMARY KEY (author, name);
ALTER TABLE ONLY public.vision_assets
    ADD CONSTRAINT pk_vision_assets PRIMARY KEY (asset_id);
ALTER TABLE ONLY public.augmentation_presets
    ADD CONSTRAINT uq_augmentation_presets_name UNIQUE (name);
ALTER TABLE ONLY public.label_classes
    ADD CONSTRAINT uq_label_classes_name UNIQUE (name);
ALTER TABLE ONLY public.revisions
    ADD CONSTRAINT uq_revisions_operation_id UNIQUE (operation_id);
ALTER TABLE ONLY public.saved_views
    ADD CONSTRAINT uq_saved_views_name UNIQUE (name);
CREATE INDEX ix_asset_changes_asset ON public.asset_changes USING btree (asset_id, revision_id);
CREATE INDEX ix_assignments_person ON public.assignments USING btree (person, asset_id);
CREATE INDEX ix_duplicate_members_group ON public.duplicate_members USING btree (group_id, asset_id);
CREATE INDEX ix_jobs_run ON public.jobs USING btree (run_id);
CREATE INDEX ix_jobs_status ON public.jobs USING btree (status, job_id);
CREATE INDEX ix_label_class_states_revision ON public.label_class_states USING btree (revision_id);
CREATE INDEX ix_predictions_run_confidence ON public.predictions USING btree (run_id, confidence, asset_id);
CREATE INDEX ix_predictions_run_entropy ON public.predictions USING btree (run_id, entropy, asset_id);
CREATE INDEX ix_predictions_run_label ON public.predictions USING btree (run_id, label_id, confidence, asset_id);
CREATE INDEX ix_predictions_run_label_quality ON public.predictions USING btree (run_id, label_quality, asset_id);
CREATE INDEX ix_revisions_author ON public.revisions USING btree (author, num_changes, revision_id);
CREATE INDEX ix_vision_assets_augmented ON public.vision_assets USING btree (is_augmented, asset_id) WHERE (is_deleted IS FALSE);
CREATE INDEX ix_vision_assets_content_hash ON public.vision_assets USING btree (content_hash);
CREATE INDEX ix_vision_assets_group ON public.vision_assets USING btree (group_key) WHERE ((is_deleted IS FALSE) AND (group_key IS NOT NULL));
CREATE INDEX ix_vision_assets_label ON public.vision_assets USING btree (label_id, asset_id) WHERE (is_deleted IS FALSE);
CREATE INDEX ix_vision_assets_label_split ON public.vision_assets USING btree (label_id, split_type, asset_id) WHERE (is_deleted IS FALSE);
CREATE INDEX ix_vision_assets_living ON public.vision_assets USING btree (asset_id) WHERE (is_deleted IS FALSE);
CREATE INDEX ix_vision_assets_parent ON public.vision_assets USING btree (parent_asset_id);
CREATE INDEX ix_vision_assets_review ON public.vision_assets USING btree (review_state, asset_id) WHERE (is_deleted IS FALSE);
CREATE INDEX ix_vision_assets_source ON public.vision_assets USING btree (source_dataset, asset_id) WHERE (is_deleted IS FALSE);
CREATE INDEX ix_vision_assets_split ON public.vision_assets USING btree (split_type, asset_id) WHERE (is_deleted IS FALSE);
CREATE INDEX ix_vision_assets_unassigned ON public.vision_assets USING btree (asset_id) WHERE ((is_deleted IS FALSE) AND (split_type IS NULL));
CREATE INDEX ix_vision_assets_unlabelled ON public.vision_assets USING btree (asset_id) WHERE ((is_deleted IS FALSE) AND (label_id IS NULL));
CREATE UNIQUE INDEX uq_vision_assets_file_path_living ON public.vision_assets USING btree (file_path) WHERE (is_deleted IS FALSE);
CREATE TRIGGER count_delete AFTER DELETE ON public.vision_assets REFERENCING OLD TABLE AS deleted FOR EACH STATEMENT EXECUTE FUNCTION public.count_assets_delete();
CREATE TRIGGER count_facets_delete AFTER DELETE ON public.vision_assets REFERENCING OLD TABLE AS deleted FOR EACH STATEMENT EXECUTE FUNCTION public.count_facets_delete();
CREATE TRIGGER count_facets_insert AFTER INSERT ON public.vision_assets REFERENCING NEW TABLE AS inserted FOR EACH STATEMENT EXECUTE FUNCTION public.count_facets_insert();
CREATE TRIGGER count_facets_update AFTER UPDATE ON public.vision_assets REFERENCING OLD TABLE AS deleted NEW TABLE AS inserted FOR EACH STATEMENT EXECUTE FUNCTION public.count_facets_update();
CREATE TRIGGER count_insert AFTER INSERT ON public.vision_assets REFERENCING NEW TABLE AS inserted FOR EACH STATEMENT EXECUTE FUNCTION public.count_assets_insert();
CREATE TRIGGER count_update AFTER UPDATE ON public.vision_assets REFERENCING OLD TABLE AS deleted NEW TABLE AS inserted FOR EACH STATEMENT EXECUTE FUNCTION public.count_assets_update();
ALTER TABLE ONLY public.asset_changes
    ADD CONSTRAINT fk_asset_changes_asset_id FOREIGN KEY (asset_id) REFERENCES public.vision_assets(asset_id);
ALTER TABLE ONLY public.asset_changes
    ADD CONSTRAINT fk_asset_changes_revision_id FOREIGN KEY (revision_id) REFERENCES public.revisions(revision_id);
ALTER TABLE ONLY public.assignments
    ADD CONSTRAINT fk_assignments_asset_id FOREIGN KEY (asset_id) REFERENCES public.vision_assets(asset_id) ON DELETE CASCADE;
ALTER TABLE ONLY public.checkpoints
    ADD CONSTRAINT fk_checkpoints_run_id FOREIGN KEY (run_id) REFERENCES public.training_runs(run_id) ON DELETE CASCADE;
ALTER TABLE ONLY public.duplicate_members
    ADD CONSTRAINT fk_duplicate_members_asset_id FOREIGN KEY (asset_id) REFERENCES public.vision_assets(asset_id) ON DELETE CASCADE;
ALTER TABLE ONLY public.jobs
    ADD CONSTRAINT fk_jobs_run_id FOREIGN KEY (run_id) REFERENCES public.training_runs(run_id) ON DELETE SET NULL;
ALTER TABLE ONLY public.label_class_states
    ADD CONSTRAINT fk_label_class_states_label_id FOREIGN KEY (label_id) REFERENCES public.label_classes(label_id) ON DELETE CASCADE;
ALTER TABLE ONLY public.label_class_states
    ADD CONSTRAINT fk_label_class_states_merged_into_label_id FOREIGN KEY (merged_into_label_id) REFERENCES public.label_classes(label_id) ON DELETE CASCADE;
ALTER TABLE ONLY public.label_class_states
    ADD CONSTRAINT fk_label_class_states_revision_id FOREIGN KEY (revision_id) REFERENCES public.revisions(revision_id);
ALTER TABLE ONLY public.label_votes
    ADD CONSTRAINT fk_label_votes_asset_id FOREIGN KEY (asset_id) REFERENCES public.vision_assets(asset_id);
ALTER TABLE ONLY public.label_votes
    ADD CONSTRAINT fk_label_votes_label_id FOREIGN KEY (label_id) REFERENCES public.label_classes(label_id);
ALTER TABLE ONLY public.predictions
    ADD CONSTRAINT fk_predictions_asset_id FOREIGN KEY (asset_id) REFERENCES public.vision_assets(asset_id);
ALTER TABLE ONLY public.predictions
    ADD CONSTRAINT fk_predictions_label_id FOREIGN KEY (label_id) REFERENCES public.label_classes(label_id);
ALTER TABLE ONLY public.predictions
    ADD CONSTRAINT fk_predictions_run_id FOREIGN KEY (run_id) REFERENCES public.training_runs(run_id) ON DELETE CASCADE;
ALTER TABLE ONLY public.revisions
    ADD CONSTRAINT fk_revisions_undoes_revision_id FOREIGN KEY (undoes_revision_id) REFERENCES public.revisions(revision_id);
ALTER TABLE ONLY public.run_metrics
    ADD CONSTRAINT fk_run_metrics_run_id FOREIGN KEY (run_id) REFERENCES public.training_runs(run_id) ON DELETE CASCADE;
ALTER TABLE ONLY public.vision_assets
    ADD CONSTRAINT fk_vision_assets_label_id FOREIGN KEY (label_id) REFERENCES public.label_classes(label_id);
ALTER TABLE ONLY public.vision_assets
    ADD CONSTRAINT fk_vision_assets_parent_asset_id FOREIGN KEY (parent_asset_id) REFERENCES public.vision_assets(asset_id);
