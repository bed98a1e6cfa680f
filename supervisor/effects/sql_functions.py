"""SQL functions by what they do: pure ones, and those with side effects. All others are not known."""

from __future__ import annotations

from supervisor.effects.vocabulary import names

SIDE_EFFECTS = names(
    """
    nextval setval lastval set_config pg_terminate_backend pg_cancel_backend pg_reload_conf
    pg_rotate_logfile pg_notify pg_advisory_lock pg_advisory_unlock pg_advisory_xact_lock
    pg_try_advisory_lock pg_create_restore_point pg_switch_wal pg_stat_reset
    pg_stat_statements_reset pg_promote pg_file_write pg_file_unlink pg_logical_emit_message
    pg_create_logical_replication_slot pg_drop_replication_slot lo_create lo_import lo_export
    lo_unlink lo_put lo_from_bytea dblink dblink_exec query_to_xml load_extension writefile edit
    load_file sys_exec sys_eval get_lock release_lock benchmark txid_current pg_current_xact_id
    cron.schedule schedule http_post http_put http_delete xp_cmdshell sp_executesql
    """
)
"""`load_file` and `benchmark` read and burn: neither is a plain read of a table."""

_COMMON = names(
    """
    abs ceil ceiling floor round trunc sign sqrt power pow exp ln log log2 log10 mod random rand pi
    sin cos tan asin acos atan atan2 degrees radians greatest least coalesce nullif ifnull nvl
    isnull iif if lower upper length char_length character_length octet_length trim ltrim rtrim lpad
    rpad left right substr substring replace reverse repeat concat concat_ws position instr strpos
    locate split_part initcap ascii chr char unicode translate format quote hex unhex md5 sha1 sha2
    sha256 crc32 encode decode to_base64 from_base64 base64_encode base64_decode now
    current_timestamp current_date current_time localtime localtimestamp date time datetime
    timestamp julianday strftime unixepoch date_trunc date_part date_format date_add date_sub
    datediff date_diff timediff timestampdiff extract age to_char to_date to_timestamp to_number
    str_to_date from_unixtime unix_timestamp year month day hour minute second week dayofweek
    dayofyear quarter last_day makedate make_date make_interval sum avg count min max total
    group_concat string_agg array_agg json_agg jsonb_agg json_object_agg jsonb_object_agg bool_and
    bool_or every stddev variance median mode percentile_cont percentile_disc approx_count_distinct
    first_value last_value nth_value lag lead row_number rank dense_rank ntile cume_dist
    percent_rank cast convert typeof json json_extract json_extract_path json_extract_path_text
    json_value json_query json_each json_tree json_array json_object json_array_length json_type
    json_valid json_keys json_length json_contains json_unquote json_quote json_build_object
    jsonb_build_object jsonb_array_elements jsonb_array_elements_text jsonb_each jsonb_each_text
    jsonb_object_keys jsonb_array_length jsonb_typeof jsonb_pretty jsonb_path_query
    json_array_elements to_json to_jsonb row_to_json array_length array_to_string string_to_array
    array_position array_remove array_append cardinality unnest generate_series generate_subscripts
    regexp_matches regexp_match regexp_replace regexp_split_to_table regexp_split_to_array
    regexp_like regexp_substr regexp_instr similarity word_similarity version user current_user
    session_user database schema current_database current_schema current_schemas current_catalog
    system_user connection_id found_rows row_count last_insert_id last_insert_rowid changes
    total_changes sqlite_version printf likely unlikely glob zeroblob randomblob uuid
    gen_random_uuid uuid_generate_v4 inet_ntoa inet_aton host
    """
)
_POSTGRES = names(
    """
    current_setting pg_size_pretty pg_database_size pg_relation_size pg_total_relation_size
    pg_table_size pg_indexes_size pg_tablespace_size pg_backend_pid pg_postmaster_start_time
    pg_conf_load_time pg_is_in_recovery pg_last_wal_receive_lsn pg_last_wal_replay_lsn
    pg_current_wal_lsn pg_wal_lsn_diff pg_last_xact_replay_timestamp pg_get_viewdef pg_get_indexdef
    pg_get_constraintdef pg_get_functiondef pg_get_triggerdef pg_get_userbyid pg_get_expr
    pg_get_serial_sequence pg_get_function_arguments pg_get_function_result
    pg_get_function_identity_arguments pg_get_partkeydef pg_get_keywords pg_table_is_visible
    pg_function_is_visible pg_encoding_to_char pg_blocking_pids pg_column_size pg_typeof
    pg_relation_filepath pg_stat_get_numscans has_table_privilege has_schema_privilege
    has_database_privilege has_column_privilege has_function_privilege pg_has_role to_regclass
    to_regproc to_regtype to_regrole to_regnamespace format_type obj_description col_description
    shobj_description quote_ident quote_literal quote_nullable justify_interval justify_hours
    justify_days clock_timestamp statement_timestamp transaction_timestamp timeofday isfinite
    width_bucket to_tsvector to_tsquery plainto_tsquery websearch_to_tsquery ts_rank ts_headline
    st_distance st_astext st_asgeojson st_within st_contains st_intersects st_makepoint st_setsrid
    st_transform st_dwithin aclexplode pg_ls_waldir pg_sleep
    """
)
_DUCKDB = names(
    """
    read_csv read_csv_auto read_parquet parquet_scan parquet_metadata parquet_schema read_json
    read_json_auto read_ndjson read_ndjson_auto read_text read_blob sniff_csv glob duckdb_tables
    duckdb_columns duckdb_views duckdb_functions duckdb_settings duckdb_extensions duckdb_databases
    duckdb_schemas duckdb_indexes duckdb_constraints duckdb_types pragma_table_info
    pragma_database_size pragma_storage_info pragma_version range list_value list_aggregate
    list_sort list_contains list_distinct struct_pack struct_extract map map_keys map_values epoch
    epoch_ms strptime date_bin
    """
)
_SQLITE = names(
    """
    pragma_table_info pragma_table_xinfo pragma_table_list pragma_index_list pragma_index_info
    pragma_foreign_key_list pragma_database_list pragma_compile_options pragma_page_count
    pragma_page_size sqlite_source_id sqlite_compileoption_used highlight snippet bm25 fts5 dbstat
    unistr concat_ws timediff subtype
    """
)
_MYSQL = names(
    """
    elt field find_in_set make_set format_bytes format_pico_time bin oct conv bit_count space ucase
    lcase mid soundex adddate subdate addtime subtime curdate curtime sysdate utc_date utc_time
    utc_timestamp dayname monthname weekday yearweek period_diff to_days from_days sec_to_time
    time_to_sec time_format maketime microsecond any_value json_pretty json_search json_storage_size
    json_arrayagg json_objectagg charset collation coercibility uuid_to_bin bin_to_uuid is_uuid
    st_astext st_distance_sphere inet6_ntoa inet6_aton current_role sha sleep
    """
)
_TSQL = names(
    """
    getdate getutcdate sysdatetime sysutcdatetime datename datepart dateadd eomonth isdate len
    charindex patindex stuff quotename string_split try_cast try_convert try_parse parse db_name
    db_id object_id object_name schema_name schema_id type_name col_name suser_sname user_name
    host_name serverproperty databasepropertyex objectproperty newid choose isnumeric checksum
    has_dbaccess is_member is_srvrolemember servername
    """
)
_CLICKHOUSE_STARTS = (
    "to",
    "format",
    "array",
    "arr",
    "str",
    "date",
    "is",
    "has",
    "uniq",
    "quantile",
    "any",
    "arg",
    "map",
)
_BY_DIALECT = {
    "postgres": _POSTGRES,
    "redshift": _POSTGRES,
    "duckdb": _DUCKDB,
    "sqlite": _SQLITE,
    "mysql": _MYSQL,
    "tsql": _TSQL,
}


def is_pure(name: str, dialect: str) -> bool:
    """Whether the function `name` (lower case) is known to change nothing."""
    if name in _COMMON or name in _BY_DIALECT.get(dialect, ()):
        return True
    return dialect == "clickhouse" and name.startswith(_CLICKHOUSE_STARTS)
