"""Which test runs a command of the documents that is not run as it is written, because it takes too long or a node.

`PATHS` has every command of `zkmargin` that a page names; `EXACT` has commands whose options need another test, and all
that is no `zkmargin`. A value is FOLDER/FILE::NAME, for tests/FOLDER/test_FILE.py::test_NAME, or a line of `.ci/run`.
"""

from __future__ import annotations

from typing import Final

__all__ = ["CI", "EXACT", "MEASUREMENTS", "PATHS", "TRIED"]

CI: Final = ".ci/run: "
_NODE: Final = "node/whole_node::new_user_trades_kills_the_node_and_finds_everything_again"
_TRADING: Final = "client/trading_cli::"
_SMALL: Final = "bench/small_runs::"

PATHS: Final = {
    "demo": "cli/commands::demo_goes_the_whole_way",
    "node": _NODE,
    "setup": "cli/commands::setup_of_the_exit_circuit_makes_the_key_that_exit_prove_finds",
    "ceremony new": "cli/ceremony::verify_lists_the_contributions",
    "ceremony contribute": "cli/ceremony::verify_lists_the_contributions",
    "ceremony beacon": "cli/ceremony::verify_lists_the_contributions",
    "ceremony verify": "cli/ceremony::verify_lists_the_contributions",
    "key export": "cli/key::key_there_and_back",
    "key import": "cli/key::key_there_and_back",
    "replay": "cli/commands::replay_gives_totals_and_batches",
    "prove": "cli/commands::prove_one_batch_file",
    "verify": "cli/commands::verify_honest_run",
    "settle": "cli/settle::vault_that_is_short_pays_one_share",
    "compare": "cli/compare_gas::compare_by_the_evm",
    "rebuild": "cli/rebuild::rebuild_meets_the_published_root",
    "audit": "node/audit_files::audit_finds_it_and_ends_with_status_1",
    "doctor": "node/doctor::a_new_node_is_well_and_notes_what_the_first_start_makes",
    "top": "top/command::one_frame_in_a_pipe",
    "report": "cli/report_run::page_shows_four_plots_and_asks_nobody",
    "bench node": "cli/bench::short_run",
    "circuit stats": "cli/commands::circuit_stats",
    "circuit export": "cli/commands::circuit_export_without_a_witness",
    "account show": "cli/accounts::show_an_account",
    "account proof": "cli/accounts::proof_is_valid_against_the_root",
    "account verify": "cli/accounts::proof_is_valid_against_the_root",
    "account create": _NODE,
    "account deposit": _NODE,
    "account status": f"{_TRADING}order_rests_and_is_cancelled",
    "order": f"{_TRADING}order_rests_and_is_cancelled",
    "quote": f"{_TRADING}quote_places_all_its_orders",
    "cancel": f"{_TRADING}order_rests_and_is_cancelled",
    "withdraw": f"{_TRADING}withdrawal_is_recorded",
    "oracle key": "client/oracle_cli::key_is_made_once",
    "oracle submit": "client/oracle_cli::prices_are_submitted_and_shown",
    "oracle status": "client/oracle_cli::prices_are_submitted_and_shown",
    "exit prove": "cli/exits::any_account_is_proved",
    "exit verify": "cli/exits::verify_honest_exit",
}
_REPLAY_OF_ALL: Final = "zkmargin replay examples/avax-2025-10-10-full.csv.gz --all-trades --shape block --accounts 240"
EXACT: Final = {
    f"{_REPLAY_OF_ALL} --out crash": "cli/replays::nearly_every_sweep_is_filled",
    "zkmargin prove crash --out crash --every 268": "cli/replays::a_sample_is_verified_and_says_how_many",
    "zkmargin report node --out today --hours 24": "node/report_node::invalid_hours",
    "zkmargin report backup.sqlite3": "node/report_node::a_backup_or_the_store_s_folder_will_do",
    f"{_REPLAY_OF_ALL} --out crash --plot crash.svg": "cli/replays::nearly_every_sweep_is_filled",
    f"{_REPLAY_OF_ALL} --out run --plot crash.svg --json": "cli/replays::totals_add_up_and_end_with_the_last_batch",
    "zkmargin node --config FILE --rebuild-from-base-layer [--blobs DIR] [--beacon URL]": (
        "third_party/beacon_node::lost_store_is_made_again_by_a_node_and_its_beacon_api"
    ),
    "make demo": "cli/commands::demo_goes_the_whole_way",
    "make test": f"{CI}make test",
    "make test-paths": "prover/both_paths::proof_is_accepted_and_the_other_paths",
    "make lint": f"{CI}make lint",
    "make docs": f"{CI}make docs",
    "make bench": f"{_SMALL}all_figures_in_small",
    "make bench-peers": f"{_SMALL}prover_alone_on_a_chain",
    "make mutants": f"{_SMALL}mutants_of_one_template",  # all of them: circuits/other_mutants and the lanes' own tests
    "make dashboard": "bundle/bundle::bundle_is_what_its_source_makes",
    "cargo run --release --package zkmargin-primitives --example timings": "prover/examples::timings_of_few_runs",
    "cargo run --release --package zkmargin-lanes --example msm": "prover/examples::sums_of_few_points",
    "cargo run --release --package zkmargin-lanes --example multiples": "prover/examples::few_multiples_of_one_point",
    "make lane-bounds": f"{CI}make test",  # the same tests in Rust
    "npm ci": f"{CI}make test",  # its `third-party-state`
    "python examples/market_maker.py --wallet w7": _NODE,
    "python examples/taker.py buy --wallet w8": _NODE,
    "curl -s http://127.0.0.1:8645/v1/batches": _NODE,
    "pkill -9 -f zkmargin node": _NODE,
    "python -m pytest tests/browser": f"{CI}make test",
    "python -m tests.verifier.rollup_gas": "verifier/rollup_gas::gas_is_as_pinned",
    "python -m tests.circuits.refusals": "circuits/exit::invalid_exits_are_refused_by_the_constraint_they_break",
    "python -m tests.ray_check": "cluster/ray::cluster_proves_and_loses_an_actor",
    "python -m tests.browser.crash_day docs/top.svg": "top/crash_day::a_trader_and_a_falling_price",
    "python -m benchmarks.store --folder PATH --postgres URL": "postgres/store_figures::figures_of_a_server",
    "python -m verifier.solc": "third_party/solc::changed_source_changes_the_artifact",
    "podman build -t zkmargin .": "containers/image::image_is_built",
    "podman run -v zkmargin:/var/lib/zkmargin:U -p 127.0.0.1:8645:8645 zkmargin": (
        "containers/image::node_serves_from_the_image_and_stops"
    ),
    "snarkjs powersoftau verify": "third_party/powers_by_snarkjs::snarkjs_sets_up_by_our_powers_as_we_prepare_them",
    "snarkjs groth16 prove": "third_party/zkey_by_snarkjs::snarkjs_proves_under_a_key_of_ours",
    "snarkjs zkey verify": "third_party/zkey_by_snarkjs::snarkjs_contributes_to_a_first_key_of_ours",
    "snarkjs r1cs info": "third_party/batch_by_snarkjs::r1cs_info_of_a_batch",
    "snarkjs wtns check": "third_party/batch_by_snarkjs::wtns_check_of_a_batch",
}
# Measurements of minutes to hours: the test runs the same module, with options that make it small.
MEASUREMENTS: Final = {
    "benchmarks": f"{_SMALL}all_figures_in_small",
    "benchmarks.kernel": f"{_SMALL}kernel_of_few_rows",
    "benchmarks.mutants": f"{_SMALL}mutants_of_one_template",
    "benchmarks.node_crash": f"{_SMALL}node_that_is_killed_once",  # node/crash kills it eight times
    "benchmarks.node_risk": f"{_SMALL}ticks_of_few_accounts",
    "benchmarks.prover": f"{_SMALL}prover_alone_on_a_chain",
    "benchmarks.prover.profile": f"{_SMALL}profile_of_a_chain",
    "benchmarks.store": f"{_SMALL}store_of_few_records",
}
# What would change the system: the tool itself is run, but told to pretend (--simulate, --dry-run), or to work below a
# folder (--prefix, --root).
_DEBIAN: Final = "debian/commands_of_the_host::"
TRIED: Final = {
    "make system-deps": f"{_DEBIAN}system_deps_are_packages_that_apt_would_install",
    "useradd --system zkmargin": f"{_DEBIAN}user_of_the_unit_is_the_one_that_useradd_makes",
    "systemctl enable --now zkmargin-node": f"{_DEBIAN}unit_is_enabled_for_the_next_start",
    "pip install -r requirements/ray.in": "node/proving_pool::requirement_of_ray_is_read_by_pip",
    "make sanitize": "sanitizer/sanitize::tests_pass_under_address_sanitizer",  # one file of its eleven
}
