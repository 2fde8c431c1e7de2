package main

// Settings are what gdeploy.yaml, GDEPLOY_* and flags say, in growing strength, and below
// them ansible.cfg and ANSIBLE_*. A setting key is written GDEPLOY_KEY in the environment.
// The tags say all that help and docs/ansible.md tell of it:
//
//	help    what it is
//	flag    the flag that sets it
//	cfg     its section.key in ansible.cfg; of several the last wins, as in Ansible
//	env     its variables of Ansible's, likewise
//	config  its name in Ansible's lookup config
//	is      path (one), paths (parted by colons), inventory (parted by commas); other lists
//	        are parted by commas
//	choices the words that it may be
type Settings struct {
	Inventory       []string `mapstructure:"inventory" flag:"inventory" cfg:"defaults.inventory" env:"ANSIBLE_INVENTORY" config:"DEFAULT_HOST_LIST" is:"inventory" help:"inventory file, directory, script, or list of hosts with a comma"`
	Forks           int      `mapstructure:"forks" flag:"forks" cfg:"defaults.forks" env:"ANSIBLE_FORKS" config:"DEFAULT_FORKS" help:"how many calls are under way at once"`
	Ahead           int      `mapstructure:"ahead" flag:"ahead" help:"how many calls are tried on a host before their turn, to save round trips; 0 is none"`
	Heartbeat       int      `mapstructure:"heartbeat" help:"seconds of silence after which a line on stderr tells what the run waits for, on a terminal 2; 0 is never"`
	Connection      string   `mapstructure:"connection" flag:"connection" cfg:"defaults.transport" env:"ANSIBLE_TRANSPORT" config:"DEFAULT_TRANSPORT" help:"how hosts are reached: ssh or local"`
	RemoteUser      string   `mapstructure:"remote_user" flag:"user" cfg:"defaults.remote_user" env:"ANSIBLE_REMOTE_USER" config:"DEFAULT_REMOTE_USER" help:"log in as this user, where the inventory does not say"`
	RemotePort      int      `mapstructure:"remote_port" cfg:"defaults.remote_port" env:"ANSIBLE_REMOTE_PORT" config:"DEFAULT_REMOTE_PORT" help:"connect to this port, where the inventory does not say"`
	PrivateKeyFile  string   `mapstructure:"private_key_file" flag:"private-key" cfg:"defaults.private_key_file" env:"ANSIBLE_PRIVATE_KEY_FILE" config:"DEFAULT_PRIVATE_KEY_FILE" is:"path" help:"log in with this key"`
	AskPass         bool     `mapstructure:"ask_pass" flag:"ask-pass" cfg:"defaults.ask_pass" env:"ANSIBLE_ASK_PASS" config:"DEFAULT_ASK_PASS" help:"ask for the password to log in with"`
	ConnectionPass  string   `mapstructure:"connection_password_file" flag:"connection-password-file" cfg:"defaults.connection_password_file" env:"ANSIBLE_CONNECTION_PASSWORD_FILE" config:"CONNECTION_PASSWORD_FILE" is:"path" help:"file with the password to log in with, or a program that prints it"`
	KnownHosts      []string `mapstructure:"known_hosts" is:"paths" help:"files of host keys, in place of ~/.ssh/known_hosts"`
	HostKeyChecking string   `mapstructure:"host_key_checking" flag:"host-key-checking" cfg:"defaults.host_key_checking ssh_connection.host_key_checking" env:"ANSIBLE_HOST_KEY_CHECKING ANSIBLE_SSH_HOST_KEY_CHECKING" config:"HOST_KEY_CHECKING" help:"yes, or accept-new to keep keys of hosts seen for the first time"`
	Timeout         int      `mapstructure:"timeout" flag:"timeout" cfg:"defaults.timeout ssh_connection.timeout" env:"ANSIBLE_TIMEOUT ANSIBLE_SSH_TIMEOUT" config:"DEFAULT_TIMEOUT" help:"seconds that making a connection may take"`
	SSHArgs         string   `mapstructure:"ssh_args" cfg:"ssh_connection.ssh_args" env:"ANSIBLE_SSH_ARGS" help:"options of ssh that come before those of ssh_common_args"`
	SSHCommonArgs   string   `mapstructure:"ssh_common_args" flag:"ssh-common-args" cfg:"ssh_connection.ssh_common_args" env:"ANSIBLE_SSH_COMMON_ARGS" help:"options of ssh, such as -J HOST or -o ProxyJump=HOST"`
	SSHExtraArgs    string   `mapstructure:"ssh_extra_args" flag:"ssh-extra-args" cfg:"ssh_connection.ssh_extra_args" env:"ANSIBLE_SSH_EXTRA_ARGS" help:"options of ssh that come after those of ssh_common_args"`
	SSHConfig       string   `mapstructure:"ssh_config" is:"path" help:"file in place of ~/.ssh/config"`
	HelperDirs      []string `mapstructure:"helper_dirs" is:"host paths" help:"directories on hosts where the helper may lie, tried in order"`

	Become         bool   `mapstructure:"become" flag:"become" cfg:"privilege_escalation.become" env:"ANSIBLE_BECOME" config:"DEFAULT_BECOME" help:"work as another user"`
	BecomeMethod   string `mapstructure:"become_method" flag:"become-method" cfg:"privilege_escalation.become_method" env:"ANSIBLE_BECOME_METHOD" config:"DEFAULT_BECOME_METHOD" help:"how to become that user: sudo, su or doas"`
	BecomeUser     string `mapstructure:"become_user" flag:"become-user" cfg:"privilege_escalation.become_user" env:"ANSIBLE_BECOME_USER" config:"DEFAULT_BECOME_USER" help:"the user to work as"`
	BecomeExe      string `mapstructure:"become_exe" cfg:"privilege_escalation.become_exe" env:"ANSIBLE_BECOME_EXE" config:"DEFAULT_BECOME_EXE" help:"the path of sudo, su or doas on the hosts"`
	BecomeFlags    string `mapstructure:"become_flags" cfg:"privilege_escalation.become_flags" env:"ANSIBLE_BECOME_FLAGS" config:"DEFAULT_BECOME_FLAGS" help:"options of sudo, su or doas"`
	AskBecomePass  bool   `mapstructure:"become_ask_pass" flag:"ask-become-pass" cfg:"privilege_escalation.become_ask_pass" env:"ANSIBLE_BECOME_ASK_PASS" config:"DEFAULT_BECOME_ASK_PASS" help:"ask for the password of sudo"`
	BecomePassFile string `mapstructure:"become_password_file" flag:"become-password-file" cfg:"defaults.become_password_file" env:"ANSIBLE_BECOME_PASSWORD_FILE" config:"BECOME_PASSWORD_FILE" is:"path" help:"file with the password of sudo, or a program that prints it"`

	FactCaching           string `mapstructure:"fact_caching" cfg:"defaults.fact_caching" env:"ANSIBLE_CACHE_PLUGIN" config:"CACHE_PLUGIN" help:"where facts are kept: memory for the run only, jsonfile or yaml from run to run"`
	FactCachingConnection string `mapstructure:"fact_caching_connection" cfg:"defaults.fact_caching_connection" env:"ANSIBLE_CACHE_PLUGIN_CONNECTION" config:"CACHE_PLUGIN_CONNECTION" is:"path" help:"the directory of cached facts"`
	FactCachingPrefix     string `mapstructure:"fact_caching_prefix" cfg:"defaults.fact_caching_prefix" env:"ANSIBLE_CACHE_PLUGIN_PREFIX" config:"CACHE_PLUGIN_PREFIX" help:"what the names of the files with cached facts start with"`
	FactCachingTimeout    int    `mapstructure:"fact_caching_timeout" cfg:"defaults.fact_caching_timeout" env:"ANSIBLE_CACHE_PLUGIN_TIMEOUT" config:"CACHE_PLUGIN_TIMEOUT" help:"seconds that cached facts count; 0 is for ever"`

	VaultPasswordFile    []string `mapstructure:"vault_password_file" flag:"vault-password-file" cfg:"defaults.vault_password_file" env:"ANSIBLE_VAULT_PASSWORD_FILE" config:"DEFAULT_VAULT_PASSWORD_FILE" is:"paths" help:"file with the password of encrypted values, or a program that prints it"`
	VaultIdentityList    []string `mapstructure:"vault_identity_list" cfg:"defaults.vault_identity_list" env:"ANSIBLE_VAULT_IDENTITY_LIST" config:"DEFAULT_VAULT_IDENTITY_LIST" help:"further passwords of encrypted values, as --vault-id takes them"`
	VaultIdentity        string   `mapstructure:"vault_identity" cfg:"defaults.vault_identity" env:"ANSIBLE_VAULT_IDENTITY" config:"DEFAULT_VAULT_IDENTITY" help:"the vault id of passwords that are given without one"`
	VaultEncryptIdentity string   `mapstructure:"vault_encrypt_identity" cfg:"defaults.vault_encrypt_identity" env:"ANSIBLE_VAULT_ENCRYPT_IDENTITY" config:"DEFAULT_VAULT_ENCRYPT_IDENTITY" help:"the vault id to encrypt with, where there are several"`
	VaultIDMatch         bool     `mapstructure:"vault_id_match" cfg:"defaults.vault_id_match" env:"ANSIBLE_VAULT_ID_MATCH" config:"DEFAULT_VAULT_ID_MATCH" help:"try only the passwords of the vault id that a text names"`
	AskVaultPass         bool     `mapstructure:"ask_vault_pass" flag:"ask-vault-password" cfg:"defaults.ask_vault_pass" env:"ANSIBLE_ASK_VAULT_PASS" config:"DEFAULT_ASK_VAULT_PASS" help:"ask for the password of encrypted values"`

	RolesPath       []string `mapstructure:"roles_path" cfg:"defaults.roles_path" env:"ANSIBLE_ROLES_PATH" config:"DEFAULT_ROLES_PATH" is:"paths" help:"directories of roles, beside roles/ of the playbook"`
	Library         []string `mapstructure:"library" flag:"module-path" cfg:"defaults.library" env:"ANSIBLE_LIBRARY" config:"DEFAULT_MODULE_PATH" is:"paths" help:"directories of modules of your own, beside library/ of the playbook"`
	CollectionsPath []string `mapstructure:"collections_path" cfg:"defaults.collections_paths defaults.collections_path" env:"ANSIBLE_COLLECTIONS_PATHS ANSIBLE_COLLECTIONS_PATH" config:"COLLECTIONS_PATHS" is:"paths" help:"directories of ansible_collections"`
	FilterPlugins   []string `mapstructure:"filter_plugins" cfg:"defaults.filter_plugins" env:"ANSIBLE_FILTER_PLUGINS" config:"DEFAULT_FILTER_PLUGIN_PATH" is:"paths" help:"directories of filters of your own, beside filter_plugins/ of playbooks and roles"`
	TestPlugins     []string `mapstructure:"test_plugins" cfg:"defaults.test_plugins" env:"ANSIBLE_TEST_PLUGINS" config:"DEFAULT_TEST_PLUGIN_PATH" is:"paths" help:"directories of tests of your own, beside test_plugins/ of playbooks and roles"`
	LookupPlugins   []string `mapstructure:"lookup_plugins" cfg:"defaults.lookup_plugins" env:"ANSIBLE_LOOKUP_PLUGINS" config:"DEFAULT_LOOKUP_PLUGIN_PATH" is:"paths" help:"directories of lookups of your own, beside lookup_plugins/ of playbooks and roles"`
	PluginsPython   string   `mapstructure:"plugins_python" help:"the Python that runs filters, tests and lookups of your own on the controller"`
	PluginsTimeout  int      `mapstructure:"plugins_timeout" help:"seconds that one call of a filter, test or lookup of your own may take"`
	PlaybookDir     string   `mapstructure:"playbook_dir" flag:"playbook-dir" cfg:"defaults.playbook_dir" env:"ANSIBLE_PLAYBOOK_DIR" config:"PLAYBOOK_DIR" is:"path" help:"the directory whose roles, files and variables gdeploy run and inventory use, in place of the working directory"`
	LogFile         string   `mapstructure:"log_file" is:"path" help:"gets a line per run and per switch, where its directory exists"`
	LockWait        *int     `mapstructure:"lock_wait" flag:"lock-wait" help:"seconds to wait for another run's lock"` // nil where nobody says

	Strategy              string   `mapstructure:"strategy" cfg:"defaults.strategy" env:"ANSIBLE_STRATEGY" config:"DEFAULT_STRATEGY" help:"the strategy of plays that name none: linear, free or host_pinned"`
	Gathering             string   `mapstructure:"gathering" cfg:"defaults.gathering" env:"ANSIBLE_GATHERING" config:"DEFAULT_GATHERING" choices:"implicit explicit smart" help:"facts of plays that do not say gather_facts: implicit collects them, explicit does not, smart once per host"`
	GatherSubset          []string `mapstructure:"gather_subset" cfg:"defaults.gather_subset" env:"ANSIBLE_GATHER_SUBSET" config:"DEFAULT_GATHER_SUBSET" help:"which facts, in plays that do not say"`
	GatherTimeout         int      `mapstructure:"gather_timeout" cfg:"defaults.gather_timeout" env:"ANSIBLE_GATHER_TIMEOUT" config:"DEFAULT_GATHER_TIMEOUT" help:"seconds that collecting facts may take, in plays that do not say"`
	FactPath              string   `mapstructure:"fact_path" cfg:"defaults.fact_path" env:"ANSIBLE_FACT_PATH" config:"DEFAULT_FACT_PATH" help:"directory of local facts on the hosts, in plays that do not say"`
	ForceHandlers         bool     `mapstructure:"force_handlers" flag:"force-handlers" cfg:"defaults.force_handlers" env:"ANSIBLE_FORCE_HANDLERS" config:"DEFAULT_FORCE_HANDLERS" help:"run notified handlers on failed hosts too"`
	ErrorOnMissingHandler bool     `mapstructure:"error_on_missing_handler" cfg:"defaults.error_on_missing_handler" env:"ANSIBLE_ERROR_ON_MISSING_HANDLER" config:"ERROR_ON_MISSING_HANDLER" help:"a notified handler that does not exist is a failure, and else a warning"`
	AnyErrorsFatal        bool     `mapstructure:"any_errors_fatal" cfg:"defaults.any_errors_fatal" env:"ANSIBLE_ANY_ERRORS_FATAL" config:"ANY_ERRORS_FATAL" help:"one failed host ends a play that does not say, on all"`
	NoLog                 bool     `mapstructure:"no_log" cfg:"defaults.no_log" env:"ANSIBLE_NO_LOG" config:"DEFAULT_NO_LOG" help:"show and store neither arguments nor results, in tasks that do not say"`
	TaskDebugger          bool     `mapstructure:"enable_task_debugger" cfg:"defaults.enable_task_debugger" env:"ANSIBLE_ENABLE_TASK_DEBUGGER" config:"ENABLE_TASK_DEBUGGER" help:"open the debugger for every task that fails"`
	TaskTimeout           int      `mapstructure:"task_timeout" flag:"task-timeout" cfg:"defaults.task_timeout" env:"ANSIBLE_TASK_TIMEOUT" config:"TASK_TIMEOUT" help:"seconds after which tasks fail that do not say; 0 is never"`
	PollInterval          int      `mapstructure:"poll_interval" flag:"poll" cfg:"defaults.poll_interval" env:"ANSIBLE_POLL_INTERVAL" config:"DEFAULT_POLL_INTERVAL" help:"seconds between looks at an async task that does not say"`
	AsyncDir              string   `mapstructure:"async_dir" cfg:"defaults.async_dir" env:"ANSIBLE_ASYNC_DIR" help:"directory on the hosts for the results of async tasks"`
	RunTags               []string `mapstructure:"tags" cfg:"tags.run" env:"ANSIBLE_RUN_TAGS" config:"TAGS_RUN" help:"only tasks with these tags, beside those of --tags"`
	SkipTags              []string `mapstructure:"skip_tags" cfg:"tags.skip" env:"ANSIBLE_SKIP_TAGS" config:"TAGS_SKIP" help:"no tasks with these tags, beside those of --skip-tags"`
	ModuleName            string   `mapstructure:"module_name" flag:"module-name" cfg:"defaults.module_name" config:"DEFAULT_MODULE_NAME" help:"the module of gdeploy run"`
	ModuleArgs            string   `mapstructure:"module_args" flag:"args" cfg:"defaults.module_args" env:"ANSIBLE_MODULE_ARGS" config:"DEFAULT_MODULE_ARGS" help:"the parameters of gdeploy run: k=v, free text, or JSON"`

	HashBehaviour   string `mapstructure:"hash_behaviour" cfg:"defaults.hash_behaviour" env:"ANSIBLE_HASH_BEHAVIOUR" config:"DEFAULT_HASH_BEHAVIOUR" choices:"replace merge" help:"what becomes of maps that several places set: the strongest replaces the others, or they merge"`
	Native          bool   `mapstructure:"jinja2_native" cfg:"defaults.jinja2_native" env:"ANSIBLE_JINJA2_NATIVE" config:"DEFAULT_JINJA2_NATIVE" help:"templates keep the types of their values"`
	PrivateRoleVars bool   `mapstructure:"private_role_vars" cfg:"defaults.private_role_vars" env:"ANSIBLE_PRIVATE_ROLE_VARS" config:"DEFAULT_PRIVATE_ROLE_VARS" help:"vars of a role are seen by its own tasks only"`
	InjectFacts     bool   `mapstructure:"inject_facts_as_vars" cfg:"defaults.inject_facts_as_vars" env:"ANSIBLE_INJECT_FACT_VARS" config:"INJECT_FACTS_AS_VARS" help:"facts are variables too, and not in ansible_facts only"`
	AnsibleManaged  string `mapstructure:"ansible_managed" cfg:"defaults.ansible_managed" config:"DEFAULT_MANAGED_STR" help:"the variable ansible_managed of templates; {host}, {uid}, {file} and the codes of strftime are filled in"`

	HostPatternMismatch string `mapstructure:"host_pattern_mismatch" cfg:"inventory.host_pattern_mismatch" env:"ANSIBLE_HOST_PATTERN_MISMATCH" config:"HOST_PATTERN_MISMATCH" choices:"warning error ignore" help:"what a pattern is that names no host"`

	GroupNames              string   `mapstructure:"force_valid_group_names" cfg:"defaults.force_valid_group_names" env:"ANSIBLE_TRANSFORM_INVALID_GROUP_CHARS" config:"TRANSFORM_INVALID_GROUP_CHARS" choices:"never ignore always silently" help:"names of groups that could not be names of variables: never replaces nothing and warns, ignore does not warn, always replaces the characters by _ and warns, silently does not warn"`
	AnyUnparsedFails        bool     `mapstructure:"inventory_any_unparsed_is_failed" cfg:"inventory.any_unparsed_is_failed" env:"ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED" config:"INVENTORY_ANY_UNPARSED_IS_FAILED" help:"an inventory that cannot be read is an error; no, as in Ansible, makes it a warning"`
	UnparsedFails           bool     `mapstructure:"inventory_unparsed_is_failed" cfg:"inventory.unparsed_is_failed" env:"ANSIBLE_INVENTORY_UNPARSED_FAILED" config:"INVENTORY_UNPARSED_IS_FAILED" help:"where no inventory at all can be read, that is an error"`
	UnparsedWarning         bool     `mapstructure:"inventory_unparsed_warning" cfg:"inventory.inventory_unparsed_warning" env:"ANSIBLE_INVENTORY_UNPARSED_WARNING" config:"INVENTORY_UNPARSED_WARNING" help:"warn where no inventory was read"`
	LocalhostWarning        bool     `mapstructure:"localhost_warning" cfg:"defaults.localhost_warning" env:"ANSIBLE_LOCALHOST_WARNING" config:"LOCALHOST_WARNING" help:"warn where playbooks run although the inventory has no hosts"`
	InventoryIgnoreEndings  []string `mapstructure:"inventory_ignore_extensions" cfg:"defaults.inventory_ignore_extensions inventory.ignore_extensions" env:"ANSIBLE_INVENTORY_IGNORE" config:"INVENTORY_IGNORE_EXTS" help:"endings of files that inventory directories pass over, in place of the usual ones"`
	InventoryIgnorePatterns []string `mapstructure:"inventory_ignore_patterns" cfg:"defaults.inventory_ignore_patterns inventory.ignore_patterns" env:"ANSIBLE_INVENTORY_IGNORE_REGEX" config:"INVENTORY_IGNORE_PATTERNS" help:"regular expressions for names of files that inventory directories pass over too"`
	InventoryEnabled        []string `mapstructure:"inventory_enabled" cfg:"inventory.enable_plugins" env:"ANSIBLE_INVENTORY_ENABLED" config:"INVENTORY_ENABLED" help:"what inventories may be: host_list, advanced_host_list, script, auto, yaml, ini, toml, constructed, generator; all where nothing is said"`

	DuplicateKeys       string `mapstructure:"duplicate_dict_key" cfg:"defaults.duplicate_dict_key" env:"ANSIBLE_DUPLICATE_YAML_DICT_KEY" config:"DUPLICATE_YAML_DICT_KEY" choices:"warn error ignore" help:"a key that stands twice in a mapping of YAML: a warning, a mistake of all files that are read before the run begins, or nothing"`
	DeprecationWarnings bool   `mapstructure:"deprecation_warnings" cfg:"defaults.deprecation_warnings" env:"ANSIBLE_DEPRECATION_WARNINGS" config:"DEPRECATION_WARNINGS" help:"warn of old forms; lint tells of them in any case"`
	RetryFiles          bool   `mapstructure:"retry_files_enabled" cfg:"defaults.retry_files_enabled" env:"ANSIBLE_RETRY_FILES_ENABLED" config:"RETRY_FILES_ENABLED" help:"write the hosts that failed into PLAYBOOK.retry, for --limit @FILE; gdeploy retry needs no such file"`
	RetryFilesPath      string `mapstructure:"retry_files_save_path" cfg:"defaults.retry_files_save_path" env:"ANSIBLE_RETRY_FILES_SAVE_PATH" config:"RETRY_FILES_SAVE_PATH" is:"path" help:"the directory of those files, in place of the playbook's"`
	LogPath             string `mapstructure:"log_path" cfg:"defaults.log_path" env:"ANSIBLE_LOG_PATH" config:"DEFAULT_LOG_PATH" is:"path" help:"file that gets all that is printed, each line with its time"`

	Verbosity       int    `mapstructure:"verbosity" cfg:"defaults.verbosity" env:"ANSIBLE_VERBOSITY" config:"DEFAULT_VERBOSITY" help:"as many -v are given"`
	Diff            bool   `mapstructure:"diff_always" flag:"diff" cfg:"diff.always" env:"ANSIBLE_DIFF_ALWAYS" config:"DIFF_ALWAYS" help:"show contents before and after"`
	DiffContext     int    `mapstructure:"diff_context" cfg:"diff.context" env:"ANSIBLE_DIFF_CONTEXT" config:"DIFF_CONTEXT" help:"lines around each difference"`
	ShowSkipped     bool   `mapstructure:"display_skipped_hosts" cfg:"defaults.display_skipped_hosts" env:"ANSIBLE_DISPLAY_SKIPPED_HOSTS" config:"DISPLAY_SKIPPED_HOSTS" help:"show what was skipped"`
	ShowOK          bool   `mapstructure:"display_ok_hosts" cfg:"defaults.display_ok_hosts" env:"ANSIBLE_DISPLAY_OK_HOSTS" help:"show what was fine already"`
	FailedToErrors  bool   `mapstructure:"display_failed_stderr" cfg:"defaults.display_failed_stderr" env:"ANSIBLE_DISPLAY_FAILED_STDERR" help:"show failures on standard error"`
	ShowArgs        bool   `mapstructure:"display_args_to_stdout" cfg:"defaults.display_args_to_stdout" env:"ANSIBLE_DISPLAY_ARGS_TO_STDOUT" config:"DISPLAY_ARGS_TO_STDOUT" help:"show the arguments of tasks in their banners"`
	ShowStarts      bool   `mapstructure:"show_per_host_start" cfg:"defaults.show_per_host_start" env:"ANSIBLE_SHOW_PER_HOST_START" help:"show when a host begins a task"`
	PathOnFailure   bool   `mapstructure:"show_task_path_on_failure" cfg:"defaults.show_task_path_on_failure" env:"ANSIBLE_SHOW_TASK_PATH_ON_FAILURE" help:"show where the task is written that failed"`
	ShowCustomStats bool   `mapstructure:"show_custom_stats" cfg:"defaults.show_custom_stats" env:"ANSIBLE_SHOW_CUSTOM_STATS" config:"SHOW_CUSTOM_STATS" help:"show the figures of set_stats below the recap"`
	CheckMarkers    bool   `mapstructure:"check_mode_markers" cfg:"defaults.check_mode_markers" env:"ANSIBLE_CHECK_MODE_MARKERS" help:"mark in banners what runs in check mode"`
	ResultFormat    string `mapstructure:"callback_result_format" cfg:"defaults.callback_result_format" env:"ANSIBLE_CALLBACK_RESULT_FORMAT" choices:"json yaml" help:"how results are printed"`
	ResultPretty    *bool  `mapstructure:"callback_format_pretty" cfg:"defaults.callback_format_pretty" env:"ANSIBLE_CALLBACK_FORMAT_PRETTY" help:"print results over several lines, or never"`
	NoColor         bool   `mapstructure:"nocolor" flag:"no-color" cfg:"defaults.nocolor" env:"ANSIBLE_NOCOLOR" config:"ANSIBLE_NOCOLOR" help:"no colours; so does NO_COLOR"`
	ForceColor      bool   `mapstructure:"force_color" flag:"force-color" cfg:"defaults.force_color" env:"ANSIBLE_FORCE_COLOR" config:"ANSIBLE_FORCE_COLOR" help:"colours although this is no terminal; so does FORCE_COLOR"`
	ActionWarnings  bool   `mapstructure:"action_warnings" cfg:"defaults.action_warnings" env:"ANSIBLE_ACTION_WARNINGS" config:"ACTION_WARNINGS" help:"show the warnings that modules give"`

	ColorOK          string `mapstructure:"color_ok" cfg:"colors.ok" env:"ANSIBLE_COLOR_OK" config:"COLOR_OK" is:"color" help:"colour of what was fine already"`
	ColorChanged     string `mapstructure:"color_changed" cfg:"colors.changed" env:"ANSIBLE_COLOR_CHANGED" config:"COLOR_CHANGED" is:"color" help:"colour of what was changed"`
	ColorSkip        string `mapstructure:"color_skip" cfg:"colors.skip" env:"ANSIBLE_COLOR_SKIP" config:"COLOR_SKIP" is:"color" help:"colour of what was skipped"`
	ColorError       string `mapstructure:"color_error" cfg:"colors.error" env:"ANSIBLE_COLOR_ERROR" config:"COLOR_ERROR" is:"color" help:"colour of failures"`
	ColorUnreachable string `mapstructure:"color_unreachable" cfg:"colors.unreachable" env:"ANSIBLE_COLOR_UNREACHABLE" config:"COLOR_UNREACHABLE" is:"color" help:"colour of hosts that cannot be reached"`
	ColorWarn        string `mapstructure:"color_warn" cfg:"colors.warn" env:"ANSIBLE_COLOR_WARN" config:"COLOR_WARN" is:"color" help:"colour of warnings"`
	ColorVerbose     string `mapstructure:"color_verbose" cfg:"colors.verbose" env:"ANSIBLE_COLOR_VERBOSE" config:"COLOR_VERBOSE" is:"color" help:"colour of what -v adds"`
	ColorDebug       string `mapstructure:"color_debug" cfg:"colors.debug" env:"ANSIBLE_COLOR_DEBUG" config:"COLOR_DEBUG" is:"color" help:"colour of retries and paths of tasks"`
	ColorDiffAdd     string `mapstructure:"color_diff_add" cfg:"colors.diff_add" env:"ANSIBLE_COLOR_DIFF_ADD" config:"COLOR_DIFF_ADD" is:"color" help:"colour of lines that differences add"`
	ColorDiffRemove  string `mapstructure:"color_diff_remove" cfg:"colors.diff_remove" env:"ANSIBLE_COLOR_DIFF_REMOVE" config:"COLOR_DIFF_REMOVE" is:"color" help:"colour of lines that differences take away"`
	ColorDiffLines   string `mapstructure:"color_diff_lines" cfg:"colors.diff_lines" env:"ANSIBLE_COLOR_DIFF_LINES" config:"COLOR_DIFF_LINES" is:"color" help:"colour of the places of differences"`

	file    string // the gdeploy.yaml that was read; empty where there is none
	ansible string // the ansible.cfg that was read, likewise
}

var settingDefaults = map[string]any{
	"forks":                            100,
	"ahead":                            64,
	"heartbeat":                        30,
	"host_key_checking":                "yes",
	"timeout":                          10,
	"become_method":                    "sudo",
	"become_user":                      "root",
	"log_file":                         "/deploy/log/gdeploy.log",
	"roles_path":                       []string{"~/.ansible/roles", "/usr/share/ansible/roles", "/etc/ansible/roles"},
	"collections_path":                 []string{"~/.ansible/collections", "/usr/share/ansible/collections"},
	"filter_plugins":                   []string{"~/.ansible/plugins/filter", "/usr/share/ansible/plugins/filter"},
	"test_plugins":                     []string{"~/.ansible/plugins/test", "/usr/share/ansible/plugins/test"},
	"lookup_plugins":                   []string{"~/.ansible/plugins/lookup", "/usr/share/ansible/plugins/lookup"},
	"plugins_python":                   "python3",
	"plugins_timeout":                  60,
	"fact_caching":                     "memory",
	"fact_caching_timeout":             86400,
	"vault_identity":                   "default",
	"strategy":                         "linear",
	"gathering":                        "implicit",
	"error_on_missing_handler":         true,
	"poll_interval":                    15,
	"module_name":                      "command",
	"hash_behaviour":                   "replace",
	"inject_facts_as_vars":             true,
	"ansible_managed":                  "Ansible managed",
	"host_pattern_mismatch":            "warning",
	"force_valid_group_names":          "never",
	"inventory_any_unparsed_is_failed": true,
	"inventory_unparsed_warning":       true,
	"localhost_warning":                true,
	"duplicate_dict_key":               "warn",
	"deprecation_warnings":             true,
	"diff_context":                     3,
	"display_skipped_hosts":            true,
	"display_ok_hosts":                 true,
	"callback_result_format":           "json",
	"action_warnings":                  true,
	"color_ok":                         "green",
	"color_changed":                    "yellow",
	"color_skip":                       "cyan",
	"color_error":                      "red",
	"color_unreachable":                "bright red",
	"color_warn":                       "bright purple",
	"color_verbose":                    "blue",
	"color_debug":                      "dark gray",
	"color_diff_add":                   "green",
	"color_diff_remove":                "red",
	"color_diff_lines":                 "cyan",
}
