package main

import (
	"fmt"
	"slices"
	"strings"
)

// foreignSetting is one of Ansible's settings that gdeploy does not have.
type foreignSetting struct {
	cfg, env string // its names, as in the tags of Settings
	// fine are the values that ask for what gdeploy does anyway; * is every value.
	fine string
	// why says what gdeploy does instead.
	why string
}

const (
	anyValue    = "*"
	noPlugins   = "of plugins written in Python, gdeploy runs filters, tests and lookups"
	noCows      = "there are no cows here"
	noGalaxy    = "gdeploy fetches no collections: ansible-galaxy does"
	noNetwork   = "gdeploy reaches hosts by ssh and local only"
	noTempFiles = "modules need no temporary files on hosts"
)

// foreign are the settings that ansible-config knows and gdeploy does not have: one that is
// given is a warning, unless it asks for what happens anyway.
var foreign = []foreignSetting{
	{"defaults.nocows", "ANSIBLE_NOCOWS", anyValue, noCows},
	{"defaults.cow_selection", "ANSIBLE_COW_SELECTION", anyValue, noCows},
	{"defaults.cowpath", "ANSIBLE_COW_PATH", anyValue, noCows},
	{"defaults.cow_whitelist defaults.cowsay_enabled_stencils", "ANSIBLE_COW_WHITELIST ANSIBLE_COW_ACCEPTLIST", anyValue, noCows},

	{"defaults.pipelining connection.pipelining ssh_connection.pipelining", "ANSIBLE_PIPELINING ANSIBLE_SSH_PIPELINING", anyValue, noTempFiles},
	{"defaults.remote_tmp", "ANSIBLE_REMOTE_TEMP ANSIBLE_REMOTE_TMP", anyValue, noTempFiles},
	{"defaults.system_tmpdirs", "ANSIBLE_SYSTEM_TMPDIRS", anyValue, noTempFiles},
	{"defaults.keep_remote_files", "ANSIBLE_KEEP_REMOTE_FILES", "no", noTempFiles},
	{"defaults.allow_world_readable_tmpfiles", "ANSIBLE_SHELL_ALLOW_WORLD_READABLE_TEMP", anyValue, noTempFiles},
	{"defaults.common_remote_group", "ANSIBLE_COMMON_REMOTE_GROUP", anyValue, noTempFiles},
	{"defaults.admin_users", "ANSIBLE_ADMIN_USERS", anyValue, noTempFiles},
	{"defaults.local_tmp", "ANSIBLE_LOCAL_TEMP", anyValue, "gdeploy keeps no modules on the controller"},
	{"defaults.home", "ANSIBLE_HOME", "~/.ansible", "gdeploy keeps its files below ~/.cache and ~/.local/state"},
	{"defaults.module_compression", "", anyValue, "modules are not sent one by one"},
	{"defaults.internal_poll_interval", "", anyValue, "gdeploy does not poll its workers"},
	{"", "ANSIBLE_WORKER_SHUTDOWN_POLL_COUNT", anyValue, "there are no worker processes"},
	{"", "ANSIBLE_WORKER_SHUTDOWN_POLL_DELAY", anyValue, "there are no worker processes"},
	{"defaults.python_module_rlimit_nofile", "ANSIBLE_PYTHON_MODULE_RLIMIT_NOFILE", "0", "modules are no Python programs"},
	{"defaults.interpreter_python", "ANSIBLE_PYTHON_INTERPRETER", anyValue, "hosts need no Python; for your own modules set the variable ansible_python_interpreter"},
	{"defaults.facts_modules", "ANSIBLE_FACTS_MODULES", "smart setup ansible.builtin.setup", "facts come from the module setup"},
	{"defaults.executable", "ANSIBLE_EXECUTABLE", "/bin/sh", "use the parameter executable of shell"},
	{"defaults.no_target_syslog", "ANSIBLE_NO_TARGET_SYSLOG", "yes", "modules write nothing to the hosts' syslog"},
	{"defaults.syslog_facility", "ANSIBLE_SYSLOG_FACILITY", anyValue, "modules write nothing to the hosts' syslog"},

	{"ssh_connection.control_path", "ANSIBLE_SSH_CONTROL_PATH", anyValue, "gdeploy keeps one connection to each host by itself"},
	{"ssh_connection.control_path_dir", "ANSIBLE_SSH_CONTROL_PATH_DIR", anyValue, "gdeploy keeps one connection to each host by itself"},
	{"ssh_connection.pkcs11_provider", "ANSIBLE_PKCS11_PROVIDER", "", "add the key to ssh-agent"},
	{"connection.retries ssh_connection.retries", "ANSIBLE_SSH_RETRIES", "0", "a call is never sent twice; use wait_for_connection"},
	{"ssh_connection.scp_executable", "ANSIBLE_SCP_EXECUTABLE", anyValue, "scp is not used"},
	{"ssh_connection.scp_extra_args", "ANSIBLE_SCP_EXTRA_ARGS", "", "scp is not used: give options in ssh_common_args"},
	{"ssh_connection.scp_if_ssh", "ANSIBLE_SCP_IF_SSH", anyValue, "scp is not used"},
	{"ssh_connection.sftp_batch_mode", "ANSIBLE_SFTP_BATCH_MODE", anyValue, "sftp is not used"},
	{"ssh_connection.sftp_executable", "ANSIBLE_SFTP_EXECUTABLE", anyValue, "sftp is not used"},
	{"ssh_connection.sftp_extra_args", "ANSIBLE_SFTP_EXTRA_ARGS", "", "sftp is not used: give options in ssh_common_args"},
	{"ssh_connection.ssh_executable", "ANSIBLE_SSH_EXECUTABLE", "ssh", "gdeploy speaks ssh itself"},
	{"ssh_connection.transfer_method", "ANSIBLE_SSH_TRANSFER_METHOD", anyValue, "files travel through the helper"},
	{"ssh_connection.sshpass_prompt", "ANSIBLE_SSHPASS_PROMPT", anyValue, "sshpass is not used"},
	{"ssh_connection.usetty", "ANSIBLE_SSH_USETTY", anyValue, "gdeploy asks for a terminal where one is needed"},
	{"paramiko_connection.host_key_auto_add", "ANSIBLE_PARAMIKO_HOST_KEY_AUTO_ADD", "no", "set host_key_checking: accept-new in gdeploy.yaml"},
	{"paramiko_connection.look_for_keys", "ANSIBLE_PARAMIKO_LOOK_FOR_KEYS", "yes", "name the key in private_key_file"},
	{"defaults.use_persistent_connections", "ANSIBLE_USE_PERSISTENT_CONNECTIONS", anyValue, noNetwork},
	{"persistent_connection.ansible_connection_path", "ANSIBLE_CONNECTION_PATH", anyValue, noNetwork},
	{"persistent_connection.command_timeout", "ANSIBLE_PERSISTENT_COMMAND_TIMEOUT", anyValue, noNetwork},
	{"persistent_connection.connect_retry_timeout", "ANSIBLE_PERSISTENT_CONNECT_RETRY_TIMEOUT", anyValue, noNetwork},
	{"persistent_connection.connect_timeout", "ANSIBLE_PERSISTENT_CONNECT_TIMEOUT", anyValue, noNetwork},
	{"persistent_connection.control_path_dir", "ANSIBLE_PERSISTENT_CONTROL_PATH_DIR", anyValue, noNetwork},
	{"netconf_connection.ssh_config", "ANSIBLE_NETCONF_SSH_CONFIG", anyValue, noNetwork},
	{"defaults.network_group_modules", "ANSIBLE_NETWORK_GROUP_MODULES", anyValue, noNetwork},
	{"defaults.win_async_startup_timeout", "ANSIBLE_WIN_ASYNC_STARTUP_TIMEOUT", anyValue, noNetwork},
	{"selinux.libvirt_lxc_noseclabel", "ANSIBLE_LIBVIRT_LXC_NOSECLABEL", "no", "containers of libvirt are reached by ssh"},
	{"selinux.special_context_filesystems", "ANSIBLE_SELINUX_SPECIAL_FS", anyValue, "file contexts are left as the system sets them"},

	{"privilege_escalation.agnostic_become_prompt", "ANSIBLE_AGNOSTIC_BECOME_PROMPT", "yes", "the question names no method"},
	{"privilege_escalation.become_allow_same_user", "ANSIBLE_BECOME_ALLOW_SAME_USER", anyValue, "become starts a helper whoever the user is"},
	{"defaults.su", "ANSIBLE_SU", "no", "set become and become_method: su"},
	{"sudo_become_plugin.executable", "ANSIBLE_SUDO_EXE", "sudo", "set become_exe"},
	{"sudo_become_plugin.flags", "ANSIBLE_SUDO_FLAGS", "", "set become_flags"},
	{"sudo_become_plugin.user", "ANSIBLE_SUDO_USER", "root", "set become_user"},
	{"sudo_become_plugin.password", "ANSIBLE_BECOME_PASS ANSIBLE_SUDO_PASS", "", "give the password with -K, become_password_file or ansible_become_password"},

	{"defaults.become_plugins", "ANSIBLE_BECOME_PLUGINS", "", noPlugins},
	{"defaults.action_plugins", "ANSIBLE_ACTION_PLUGINS", "", noPlugins},
	{"defaults.cache_plugins", "ANSIBLE_CACHE_PLUGINS", "", noPlugins},
	{"defaults.callback_plugins", "ANSIBLE_CALLBACK_PLUGINS", "", noPlugins},
	{"defaults.cliconf_plugins", "ANSIBLE_CLICONF_PLUGINS", "", noPlugins},
	{"defaults.connection_plugins", "ANSIBLE_CONNECTION_PLUGINS", "", noPlugins},
	{"defaults.doc_fragment_plugins", "ANSIBLE_DOC_FRAGMENT_PLUGINS", anyValue, noPlugins},
	{"defaults.httpapi_plugins", "ANSIBLE_HTTPAPI_PLUGINS", "", noPlugins},
	{"defaults.inventory_plugins", "ANSIBLE_INVENTORY_PLUGINS", "", noPlugins},
	{"defaults.module_utils", "ANSIBLE_MODULE_UTILS", "", noPlugins},
	{"defaults.netconf_plugins", "ANSIBLE_NETCONF_PLUGINS", "", noPlugins},
	{"defaults.strategy_plugins", "ANSIBLE_STRATEGY_PLUGINS", "", noPlugins},
	{"defaults.terminal_plugins", "ANSIBLE_TERMINAL_PLUGINS", "", noPlugins},
	{"defaults.vars_plugins", "ANSIBLE_VARS_PLUGINS", "", noPlugins},
	{"defaults.plugin_filters_cfg", "", "", noPlugins},
	{"defaults.vars_plugins_enabled", "ANSIBLE_VARS_ENABLED", "host_group_vars ansible.builtin.host_group_vars", noPlugins},
	{"defaults.old_plugin_cache_clear", "ANSIBLE_OLD_PLUGIN_CACHE_CLEAR", anyValue, noPlugins},
	{"defaults.module_ignore_exts", "ANSIBLE_MODULE_IGNORE_EXTS", "", "modules of your own are found by their names"},
	{"defaults.validate_action_group_metadata", "ANSIBLE_VALIDATE_ACTION_GROUP_METADATA", anyValue, "collections' groups of actions are not read"},
	{"defaults.callback_whitelist defaults.callbacks_enabled", "ANSIBLE_CALLBACK_WHITELIST ANSIBLE_CALLBACKS_ENABLED", "", "gdeploy run --tree, --output json and gdeploy history tell what callbacks would"},
	{"defaults.bin_ansible_callbacks", "ANSIBLE_LOAD_CALLBACK_PLUGINS", "no", "gdeploy run prints in one form: see -o"},
	{"callback_tree.directory", "ANSIBLE_CALLBACK_TREE_DIR", "", "use --tree of gdeploy run"},

	{"defaults.allow_unsafe_lookups", "", "no", "what lookups bring is data, and never a template"},
	{"defaults.error_on_undefined_vars", "ANSIBLE_ERROR_ON_UNDEFINED_VARS", "yes", "an undefined variable is an error: use default()"},
	{"defaults.jinja2_extensions", "ANSIBLE_JINJA2_EXTENSIONS", "jinja2.ext.do jinja2.ext.loopcontrols do loopcontrols", "of Jinja2's extensions do and loopcontrols are built in"},
	{"defaults.jinja2_native_warning", "ANSIBLE_JINJA2_NATIVE_WARNING", anyValue, "native types need no newer Python here"},
	{"jinja2.dont_type_filters", "ANSIBLE_STRING_TYPE_FILTERS", "", "the results of to_json and its like stay text"},
	{"defaults.null_representation", "ANSIBLE_NULL_REPRESENTATION", "", "None is printed as nothing"},
	{"defaults.string_conversion_action", "ANSIBLE_STRING_CONVERSION_ACTION", "ignore warn", "values become text without a word"},
	{"defaults.invalid_task_attribute_failed", "ANSIBLE_INVALID_TASK_ATTRIBUTE_FAILED", "yes", "unknown keywords are refused"},
	{"defaults.precedence", "ANSIBLE_PRECEDENCE", "all_inventory,groups_inventory,all_plugins_inventory,all_plugins_play,groups_plugins_inventory,groups_plugins_play", "the order of group variables is fixed"},
	{"defaults.playbook_vars_root", "ANSIBLE_PLAYBOOK_VARS_ROOT", "top", "group_vars stand beside the playbook that is named"},
	{"defaults.run_vars_plugins", "ANSIBLE_RUN_VARS_PLUGINS", "demand", "group_vars are read when they are needed"},
	{"vars_host_group_vars.stage", "ANSIBLE_VARS_PLUGIN_STAGE", "", "group_vars are read when they are needed"},
	{"defaults.yaml_valid_extensions inventory_plugin_yaml.yaml_valid_extensions", "ANSIBLE_YAML_FILENAME_EXT ANSIBLE_INVENTORY_PLUGIN_EXTS", ".yml,.yaml,.json .yaml,.yml,.json", "files of variables end in .yml, .yaml or .json"},
	{"defaults.task_debugger_ignore_errors", "ANSIBLE_TASK_DEBUGGER_IGNORE_ERRORS", "yes", "the debugger opens for ignored failures too"},
	{"defaults.collections_on_ansible_version_mismatch", "ANSIBLE_COLLECTIONS_ON_ANSIBLE_VERSION_MISMATCH", anyValue, "of collections, roles and your own modules are used"},
	{"defaults.collections_scan_sys_path", "ANSIBLE_COLLECTIONS_SCAN_SYS_PATH", anyValue, "there is no Python whose path could be looked through"},

	{"inventory.cache", "ANSIBLE_INVENTORY_CACHE", "no", "inventories are read anew in each run"},
	{"inventory.cache_plugin", "ANSIBLE_INVENTORY_CACHE_PLUGIN", anyValue, "inventories are read anew in each run"},
	{"inventory.cache_connection", "ANSIBLE_INVENTORY_CACHE_CONNECTION", anyValue, "inventories are read anew in each run"},
	{"inventory.cache_prefix", "ANSIBLE_INVENTORY_CACHE_PLUGIN_PREFIX", anyValue, "inventories are read anew in each run"},
	{"inventory.cache_timeout", "ANSIBLE_INVENTORY_CACHE_TIMEOUT", anyValue, "inventories are read anew in each run"},
	{"inventory.export", "ANSIBLE_INVENTORY_EXPORT", "no", "use --export of gdeploy inventory"},

	{"defaults.system_warnings", "ANSIBLE_SYSTEM_WARNINGS", anyValue, "gdeploy has no warnings of that kind"},
	{"defaults.command_warnings", "ANSIBLE_COMMAND_WARNINGS", anyValue, "gdeploy has no warnings of that kind"},
	{"defaults.devel_warning", "ANSIBLE_DEVEL_WARNING", anyValue, "gdeploy has no warnings of that kind"},
	{"defaults.verbose_to_stderr", "ANSIBLE_VERBOSE_TO_STDERR", "no", "what -v adds stands among the rest"},
	{"defaults.log_filter", "ANSIBLE_LOG_FILTER", anyValue, "each run is kept by itself: gdeploy history"},
	{"defaults.debug", "ANSIBLE_DEBUG", "no", "use -vvv"},
	{"defaults.stdout_callback", "ANSIBLE_STDOUT_CALLBACK", "default ansible.builtin.default", "there is one form of output; see callback_result_format, gdeploy run -o and --output json"},
	{"defaults.max_diff_size", "ANSIBLE_MAX_DIFF_SIZE", "104448", "big files are never shown"},
	{"colors.console_prompt", "ANSIBLE_COLOR_CONSOLE_PROMPT", anyValue, "there is no ansible-console"},
	{"colors.highlight", "ANSIBLE_COLOR_HIGHLIGHT", anyValue, "nothing is shown in that colour"},
	{"colors.deprecate", "ANSIBLE_COLOR_DEPRECATE", anyValue, "gdeploy lint tells of old forms"},
	{"defaults.docsite_root_url", "", anyValue, "gdeploy doc prints the pages itself"},

	{"galaxy.cache_dir", "ANSIBLE_GALAXY_CACHE_DIR", anyValue, noGalaxy},
	{"galaxy.collection_skeleton", "ANSIBLE_GALAXY_COLLECTION_SKELETON", anyValue, noGalaxy},
	{"galaxy.collection_skeleton_ignore", "ANSIBLE_GALAXY_COLLECTION_SKELETON_IGNORE", anyValue, noGalaxy},
	{"galaxy.disable_gpg_verify", "ANSIBLE_GALAXY_DISABLE_GPG_VERIFY", anyValue, noGalaxy},
	{"galaxy.display_progress", "ANSIBLE_GALAXY_DISPLAY_PROGRESS", anyValue, noGalaxy},
	{"galaxy.gpg_keyring", "ANSIBLE_GALAXY_GPG_KEYRING", anyValue, noGalaxy},
	{"galaxy.ignore_certs", "ANSIBLE_GALAXY_IGNORE", anyValue, noGalaxy},
	{"galaxy.ignore_signature_status_codes", "ANSIBLE_GALAXY_IGNORE_SIGNATURE_STATUS_CODES", anyValue, noGalaxy},
	{"galaxy.required_valid_signature_count", "ANSIBLE_GALAXY_REQUIRED_VALID_SIGNATURE_COUNT", anyValue, noGalaxy},
	{"galaxy.role_skeleton", "ANSIBLE_GALAXY_ROLE_SKELETON", anyValue, noGalaxy},
	{"galaxy.role_skeleton_ignore", "ANSIBLE_GALAXY_ROLE_SKELETON_IGNORE", anyValue, noGalaxy},
	{"galaxy.server", "ANSIBLE_GALAXY_SERVER", anyValue, noGalaxy},
	{"galaxy.server_list", "ANSIBLE_GALAXY_SERVER_LIST", anyValue, noGalaxy},
	{"galaxy.token_path", "ANSIBLE_GALAXY_TOKEN_PATH", anyValue, noGalaxy},
}

// refusals are those of the foreign settings that, given in earnest, would give playbooks
// another meaning without a word: they are mistakes and no warnings.
var refusals = []string{"ANSIBLE_ERROR_ON_UNDEFINED_VARS", "ANSIBLE_NULL_REPRESENTATION"}

// refusal is why a setting of Ansible's is refused; nil where it is not.
func refusal(tag, name, value, from string) error {
	f, ok := foreignOf(tag, name)
	if !ok || !slices.Contains(refusals, f.env) || withoutEffect(tag, name, value) == "" {
		return nil
	}
	return fmt.Errorf("%s is %q, which gdeploy does not have: %s", from, unquoted(value), f.why)
}

// foreignOf finds one of Ansible's own settings by a name in its file (cfg) or the
// environment (env).
func foreignOf(tag, name string) (foreignSetting, bool) {
	for _, f := range foreign {
		names := f.cfg
		if tag == "env" {
			names = f.env
		}
		if slices.Contains(strings.Fields(names), name) {
			return f, true
		}
	}
	return foreignSetting{}, false
}

// isForeign reports that Ansible has a setting of this name which gdeploy has not.
func isForeign(tag, name string) bool {
	_, ok := foreignOf(tag, name)
	return ok
}

// withoutEffect says of one of Ansible's own settings that it does nothing here; empty where
// its value asks for what happens anyway.
func withoutEffect(tag, name, value string) string {
	f, ok := foreignOf(tag, name)
	if !ok || f.fine == anyValue || f.isFine(unquoted(value)) {
		return ""
	}
	return " has no effect in gdeploy: " + f.why
}

// isFine reports that all words of value are among those that are fine.
func (f foreignSetting) isFine(value string) bool {
	words := strings.Fields(f.fine)
	same := func(one string) bool {
		return one == value || (one == "yes" && truth(value)) || (one == "no" && !truth(value))
	}
	if value == "" || slices.ContainsFunc(words, same) {
		return true
	}
	parts := strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' })
	return len(parts) > 0 && !slices.ContainsFunc(parts, func(part string) bool { return !slices.Contains(words, part) })
}
